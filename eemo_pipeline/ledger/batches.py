"""The ledger's record of provider batches: their state, and the outcome of every row.

Requests to providers and the parsing of results are in `vlm/batch/`.

A batch is written to disk with all its rows, in the state `intended`, before anything is sent.
After a crash at any point, the next start knows which questions may have been sent. A question
that waits in a batch is not sent a second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from eemo_pipeline.ledger.encoding import inert
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.ledger.tables import BATCH_ROWS, BATCHES

BatchState = Literal["intended", "open", "completed", "failed", "expired", "cancelled", "lost"]
RowOutcome = Literal["answered", "declined", "malformed", "failed", "expired", "not_run"]
_OPEN = ("intended", "open")
# Outcomes that a later batch may retry. A row that was not run does not count as a try.
_CURABLE = ("malformed", "failed", "expired")


class BatchConflict(Exception):
    """A question of the batch already waits in another batch; nothing was written."""


@dataclass(frozen=True)
class Batch:
    """One batch.

    Attributes:
        token: identifies the batch at the provider; at most one batch has it, even after a crash.
        provider: the provider that runs the batch.
        model: model and version.
        stage: the stage that sends the questions.
        role: the model's role: annotator, critic, verifier ...
        row_count: the number of questions.
        size_bytes: the size of the request file.
        bound_nano_usd: the upper bound of the cost, in nano-USD.
        state: `intended` until the provider confirms the batch, `open` until its results are
            stored, then its final state; `lost` if the provider does not know it.
        remote_id: the provider's id of the batch; None while intended.
        stray_count: result lines that could not be assigned to one of its rows.
    """

    token: str
    provider: str
    model: str
    stage: str
    role: str
    row_count: int
    size_bytes: int
    bound_nano_usd: int
    state: BatchState = "intended"
    remote_id: str | None = None
    stray_count: int = 0


@dataclass(frozen=True)
class Ending:
    """The final outcome of one row of a batch.

    Attributes:
        token: the batch.
        key: the question.
        outcome: the outcome.
        reason: a snake_case code; None if the outcome needs no explanation.
        nano_usd: the cost in nano-USD; None if unknown.
        reply: the malformed reply, else None.
        complaint: the validation error of the malformed reply, else None.
    """

    token: str
    key: str
    outcome: RowOutcome
    reason: str | None = None
    nano_usd: int | None = None
    reply: str | None = None
    complaint: str | None = None

    def as_row(self) -> dict[str, Any]:
        """Return the columns of the row, with text that every database can store."""
        told = {"reply": inert(self.reply), "complaint": inert(self.complaint)}
        return asdict(self) | told


@dataclass(frozen=True)
class Failure:
    """A row without an answer; a malformed row has its reply and its complaint."""

    reply: str | None
    complaint: str | None
    reason: str | None = None


@dataclass(frozen=True)
class Tally:
    """A batch with its cost and its rows by outcome; the counts add up to `batch.row_count`."""

    batch: Batch
    answered: int
    declined: int
    malformed: int
    failed: int
    expired: int
    not_run: int
    waiting: int
    nano_usd: int


def count_batches(ledger: Ledger, token_start: str) -> int:
    """Return the number of batches whose token starts with `token_start`."""
    query = sa.select(sa.func.count()).where(BATCHES.c.token.startswith(token_start))
    with ledger.database.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def intend(ledger: Ledger, batch: Batch, rows: Sequence[tuple[str, str]]) -> None:
    """Record durably that the batch is about to be sent.

    Args:
        ledger: the ledger.
        batch: a batch in the state `intended`.
        rows: (key, image_id) of its questions.

    Raises:
        BatchConflict: one of the questions already waits in another batch.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    inserted = [{"token": batch.token, "key": key, "image_id": image_id} for key, image_id in rows]
    try:
        with ledger.database.writing() as connection:
            connection.execute(BATCHES.insert(), [asdict(batch) | {"recorded_at": now}])
            connection.execute(BATCH_ROWS.insert(), inserted)
    except IntegrityError:
        conflict = BatchConflict(
            f"a question of the batch {batch.token} waits in another batch already, so another "
            "process is submitting; nothing was sent. Run the same command when it has ended"
        )
    else:
        return
    raise conflict  # outside of the handler, so that the chained error does not show rows


def mark_open(ledger: Ledger, token: str, remote_id: str) -> None:
    """Record that the provider has accepted the batch under `remote_id`."""
    _update(ledger, token, state="open", remote_id=remote_id)


def mark_over(ledger: Ledger, token: str, state: BatchState, stray_count: int) -> None:
    """Record the final state of a batch whose rows all have an outcome."""
    _update(ledger, token, state=state, stray_count=stray_count)


def withdraw(ledger: Ledger, token: str) -> None:
    """Delete a batch that was never sent."""
    with ledger.database.writing() as connection:
        for table in (BATCH_ROWS, BATCHES):
            connection.execute(table.delete().where(table.c.token == token))


def read_open(ledger: Ledger) -> list[Batch]:
    """Return the batches that are intended or open, oldest first."""
    query = (
        sa.select(*(BATCHES.c[name] for name in Batch.__dataclass_fields__))
        .where(BATCHES.c.state.in_(_OPEN))
        .order_by(BATCHES.c.recorded_at, BATCHES.c.token)
    )
    with ledger.database.engine.connect() as connection:
        return [Batch(**row) for row in connection.execute(query).mappings()]


def read_waiting(ledger: Ledger, token: str | None = None) -> dict[str, str]:
    """Return key -> image_id of the waiting questions of one batch, or of all if token is None."""
    query = sa.select(BATCH_ROWS.c.key, BATCH_ROWS.c.image_id).where(BATCH_ROWS.c.outcome.is_(None))
    if token is not None:
        query = query.where(BATCH_ROWS.c.token == token)
    with ledger.database.engine.connect() as connection:
        return {row.key: row.image_id for row in connection.execute(query)}


def read_keys(ledger: Ledger, token: str) -> set[str]:
    """Return the keys of all questions of one batch, with any outcome."""
    query = sa.select(BATCH_ROWS.c.key).where(BATCH_ROWS.c.token == token)
    with ledger.database.engine.connect() as connection:
        return set(connection.execute(query).scalars())


def read_failures(ledger: Ledger, provider: str, model: str) -> dict[str, list[Failure]]:
    """Return key -> its malformed, failed and expired rows, oldest first."""
    query = (
        sa.select(*(BATCH_ROWS.c[name] for name in ("key", "reply", "complaint", "reason")))
        .join(BATCHES, BATCHES.c.token == BATCH_ROWS.c.token)
        .where(BATCHES.c.provider == provider, BATCHES.c.model == model)
        .where(BATCH_ROWS.c.outcome.in_(_CURABLE))
        .order_by(BATCHES.c.recorded_at, BATCHES.c.token)
    )
    failures: dict[str, list[Failure]] = {}
    with ledger.database.engine.connect() as connection:
        for row in connection.execute(query):
            failures.setdefault(row.key, []).append(Failure(row.reply, row.complaint, row.reason))
    return failures


def tally_batches(ledger: Ledger) -> list[Tally]:
    """Return every batch with its rows counted by outcome, oldest first."""
    outcome, count = BATCH_ROWS.c.outcome, sa.func.count

    def ending(name: RowOutcome) -> sa.ColumnElement[int]:
        return count().filter(outcome == name).label(name)

    columns = [BATCHES.c[name] for name in Batch.__dataclass_fields__]
    spent = sa.cast(sa.func.coalesce(sa.func.sum(BATCH_ROWS.c.nano_usd), 0), sa.BigInteger)
    query = (
        sa.select(
            *columns,
            *(ending(name) for name in ("answered", "declined", *_CURABLE, "not_run")),
            (count(BATCH_ROWS.c.key) - count(outcome)).label("waiting"),
            spent.label("nano_usd"),
        )
        .outerjoin(BATCH_ROWS, BATCHES.c.token == BATCH_ROWS.c.token)
        .group_by(*columns, BATCHES.c.recorded_at)
        .order_by(BATCHES.c.recorded_at, BATCHES.c.token)
    )
    with ledger.database.engine.connect() as connection:
        return [_as_tally(row) for row in connection.execute(query).mappings()]


def _as_tally(row: Mapping[Any, Any]) -> Tally:
    names = Batch.__dataclass_fields__
    batch = Batch(**{name: row[name] for name in names})
    return Tally(batch, **{name: row[name] for name in row if name not in names})


def _update(ledger: Ledger, token: str, **values: Any) -> None:
    with ledger.database.writing() as connection:
        connection.execute(BATCHES.update().where(BATCHES.c.token == token).values(values))
