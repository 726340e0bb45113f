"""Which questions wait in a provider's batch, and what became of those that waited.

Belongs here: the batches of the ledger: intended, open, over. Does not belong here: providers,
requests and replies (`vlm/batches.py` and its neighbours), the SQL of endings (`database.py`).

A batch is on disk as an intention, with all its rows, before anything is sent. So whatever dies
when, the next start knows what may have been sent, and no question is sent while it waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from eemo_pipeline.ledger.database import BATCH_ROWS, BATCHES
from eemo_pipeline.ledger.encoding import inert
from eemo_pipeline.ledger.store import Ledger

BatchState = Literal["intended", "open", "completed", "failed", "expired", "cancelled", "lost"]
RowOutcome = Literal["answered", "declined", "malformed", "failed", "expired", "not_run"]
_OPEN = ("intended", "open")
# What a later batch may cure; a row that was not run has cost its question no try.
_CURABLE = ("malformed", "failed", "expired")


class BatchConflict(Exception):
    """A question of the batch waits in another one already; nothing was written."""


@dataclass(frozen=True)
class Batch:
    """One batch.

    Attributes:
        token: names it at the provider; there is one batch with it, whatever dies when.
        provider: whom it is sent to.
        model: the model that is asked.
        stage: the stage that asks.
        role: what the model is asked to be.
        row_count: its questions.
        size_bytes: of its file.
        bound_nano_usd: what it may cost at most.
        state: `intended` before the provider has confirmed it, `open` until its results are
            stored, then how it ended; `lost` where the provider does not know it.
        remote_id: the provider's name of it; None while intended.
        stray_count: lines of its results that are of none of its rows.
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
    """What became of one row; as columns of the ledger.

    Attributes:
        token: the batch.
        key: the question.
        outcome: how it ended.
        reason: snake_case, None where the outcome says it all.
        nano_usd: what it cost; None where that is not known.
        reply: the reply that could not be used, else None.
        complaint: what is wrong with it, else None.
    """

    token: str
    key: str
    outcome: RowOutcome
    reason: str | None = None
    nano_usd: int | None = None
    reply: str | None = None
    complaint: str | None = None

    def as_row(self) -> dict[str, Any]:
        """The columns, with text as every database takes it."""
        told = {"reply": inert(self.reply), "complaint": inert(self.complaint)}
        return asdict(self) | told


@dataclass(frozen=True)
class Failure:
    """A row that brought no answer: the reply and the complaint where it was malformed."""

    reply: str | None
    complaint: str | None
    reason: str | None = None


@dataclass(frozen=True)
class Tally:
    """A batch with the counts of its rows; they add up to `batch.row_count`."""

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
    """How many batches have a token that begins so."""
    query = sa.select(sa.func.count()).where(BATCHES.c.token.startswith(token_start))
    with ledger.database.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def intend(ledger: Ledger, batch: Batch, rows: Sequence[tuple[str, str]]) -> None:
    """Write durably that the batch is about to be sent; `rows` are (key, image_id).

    Raises:
        BatchConflict: one of the questions waits already.
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
    raise conflict  # outside of the handler, whose error quotes rows


def mark_open(ledger: Ledger, token: str, remote_id: str) -> None:
    """The provider has the batch."""
    _update(ledger, token, state="open", remote_id=remote_id)


def mark_over(ledger: Ledger, token: str, state: BatchState, stray_count: int) -> None:
    """All rows of the batch have their ending."""
    _update(ledger, token, state=state, stray_count=stray_count)


def withdraw(ledger: Ledger, token: str) -> None:
    """Forget a batch that was never sent."""
    with ledger.database.writing() as connection:
        for table in (BATCH_ROWS, BATCHES):
            connection.execute(table.delete().where(table.c.token == token))


def read_open(ledger: Ledger) -> list[Batch]:
    """Batches that are intended or open, oldest first."""
    query = (
        sa.select(*(BATCHES.c[name] for name in Batch.__dataclass_fields__))
        .where(BATCHES.c.state.in_(_OPEN))
        .order_by(BATCHES.c.recorded_at, BATCHES.c.token)
    )
    with ledger.database.engine.connect() as connection:
        return [Batch(**row) for row in connection.execute(query).mappings()]


def read_waiting(ledger: Ledger, token: str | None = None) -> dict[str, str]:
    """key -> image_id of the questions that wait, in one batch or in all."""
    query = sa.select(BATCH_ROWS.c.key, BATCH_ROWS.c.image_id).where(BATCH_ROWS.c.outcome.is_(None))
    if token is not None:
        query = query.where(BATCH_ROWS.c.token == token)
    with ledger.database.engine.connect() as connection:
        return {row.key: row.image_id for row in connection.execute(query)}


def read_keys(ledger: Ledger, token: str) -> set[str]:
    """The questions of one batch, whatever became of them."""
    query = sa.select(BATCH_ROWS.c.key).where(BATCH_ROWS.c.token == token)
    with ledger.database.engine.connect() as connection:
        return set(connection.execute(query).scalars())


def read_failures(ledger: Ledger, provider: str, model: str) -> dict[str, list[Failure]]:
    """key -> its rows that brought no answer, oldest first; expired ones count too."""
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
    """Every batch with what became of its rows, oldest first."""
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
