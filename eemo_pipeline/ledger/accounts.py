"""Reports over the whole ledger: sums per asker, export of all rows, and pruning of answers.

The tables are in `database.py`; attempts and answers are recorded by `store.py`.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.ledger.store import EMBEDDED, Ledger
from eemo_pipeline.ledger.tables import ANSWERS, ATTEMPTS, PASSES, PAST_ANSWERS, SENT_CALLS

_ROWS_AT_ONCE = 10_000
_ASKER = ("stage", "role", "provider", "model")


@dataclass(frozen=True)
class Account:
    """Totals of one model in one role of one stage, since the ledger was created.

    Attributes:
        stage: the stage that sent the questions; the role if the answer is older than that column.
        role: the model's role: annotator, critic, verifier ...
        provider: the paid provider; `embedded` for models that run locally at no cost.
        model: model and version.
        calls: attempts with any outcome, and calls without one; for embedded models, the stored
            answers.
        answered: calls with outcome `ok`.
        refused: calls that the model or the provider refused to answer.
        malformed: calls whose reply could not be used.
        limited: calls rejected by a rate limit.
        failed: calls with any other outcome.
        unanswered: calls that were announced and have no outcome: their process was killed, or
            waits for it now. A few of them may not have been sent.
        retries: calls after the first one for the same question.
        found: cache hits of the latest pass.
        input_tokens: billed tokens of requests.
        output_tokens: billed tokens of replies.
        cached_tokens: the part of `input_tokens` that the provider had cached.
        nano_usd: the sum of the known costs, in nano-USD.
        estimated: calls whose reply named no tokens; their upper bound counts in `nano_usd`.
        unpriced: calls without a known cost; they count as 0 in `nano_usd`.
        nano_usd_at_most: `nano_usd`, and the upper bound of each call without a known cost.
    """

    stage: str
    role: str
    provider: str
    model: str
    calls: int = 0
    answered: int = 0
    refused: int = 0
    malformed: int = 0
    limited: int = 0
    failed: int = 0
    unanswered: int = 0
    retries: int = 0
    found: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    nano_usd: int = 0
    estimated: int = 0
    unpriced: int = 0
    nano_usd_at_most: int = 0


@dataclass(frozen=True)
class ServerWords:
    """One server message for all attempts of one run with the same model, outcome and reason.

    Attributes:
        provider: the model's provider.
        model: model and version.
        outcome: the outcome of the attempts.
        reason: the error as a code or text; None if the outcome needs no explanation.
        calls: the number of attempts.
        said: the server's message to one of them.
    """

    provider: str
    model: str
    outcome: str
    reason: str | None
    calls: int
    said: str


@dataclass(frozen=True)
class Choice:
    """A filter of stored answers. Fields left as None match everything.

    Attributes:
        model: the model that answered.
        stage: the stage that sent the question.
        status: ok or refused.
    """

    model: str | None = None
    stage: str | None = None
    status: str | None = None


@dataclass(frozen=True)
class Pruned:
    """The answers that match a choice: their number, their past cost, and their number by model."""

    answers: int
    nano_usd: int
    models: dict[str, int] = field(default_factory=dict)


def add_up(ledger: Ledger) -> list[Account]:
    """Return one account per stage, role, provider and model, sorted by these."""
    database = ledger.database
    with database.engine.connect() as connection:
        found = {tuple(row[:4]): row.found for row in connection.execute(sa.select(PASSES))}
        sums = [Account(**row) for row in connection.execute(_sum_attempts()).mappings()]
        lost = {
            tuple(row[:4]): (row.count_open, row.bound) for row in connection.execute(_sum_sent())
        }
        embedded = [
            Account(**row) for row in connection.execute(_sum_embedded(database.dialect)).mappings()
        ]
    accounts = {_asker(account): account for account in sums}
    # A killed run may leave calls without any attempt; a pruned or merged ledger, hits alone.
    for asker in {*found, *lost} - set(accounts):
        accounts[asker] = Account(*asker)
    for asker, account in accounts.items():
        count, bound = lost.get(asker, (0, 0))
        accounts[asker] = replace(
            account,
            calls=account.calls + count,
            unanswered=count,
            unpriced=account.unpriced + count,
            nano_usd_at_most=account.nano_usd_at_most + bound,
            found=found.get(asker, 0),
        )
    return sorted([*accounts.values(), *embedded], key=_asker)


def _asker(account: Account) -> tuple[str, ...]:
    return account.stage, account.role, account.provider, account.model


def add_up_days(ledger: Ledger) -> list[dict[str, Any]]:
    """Return day (UTC), stage, role, provider, model, calls and nano_usd, sorted by these.

    Embedded models are not in it: their answers have no moment. Calls without an outcome count on
    the day on which they were announced.
    """
    cost = sa.func.coalesce(sa.func.sum(ATTEMPTS.c.nano_usd), 0)
    days: Counter[tuple[str, ...]] = Counter()
    spent: Counter[tuple[str, ...]] = Counter()
    with ledger.database.engine.connect() as connection:
        for table, paid in ((ATTEMPTS, cost), (SENT_CALLS, sa.literal(0))):
            day = sa.func.substr(table.c.recorded_at, 1, len("2026-01-31"))
            asker = (day, *(table.c[name] for name in _ASKER))
            for row in connection.execute(
                sa.select(*asker, sa.func.count(), paid).group_by(*asker)
            ):
                *key, count, nano_usd = tuple(row)
                days[tuple(key)] += int(count)
                spent[tuple(key)] += int(nano_usd)
    return [
        dict(zip(("day", *_ASKER), key, strict=True)) | {"calls": count, "nano_usd": spent[key]}
        for key, count in sorted(days.items())
    ]


def cost_of_image(ledger: Ledger, image_id: str) -> list[dict[str, Any]]:
    """Return stage, provider, model, calls and usd of the calls about one image, in that order.

    Embedded models are not in it: they make no calls. Calls about pairs count at no image.
    """
    asker = [ATTEMPTS.c[name] for name in ("stage", "provider", "model")]
    spent = sa.func.coalesce(sa.func.sum(ATTEMPTS.c.nano_usd), 0)
    query = (
        sa.select(*asker, sa.func.count().label("calls"), spent.label("nano_usd"))
        .where(ATTEMPTS.c.image_id == image_id)
        .group_by(*asker)
        .order_by(*asker)
    )
    with ledger.database.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [row | {"usd": int(row.pop("nano_usd")) / 1e9} for row in rows]


def read_words(ledger: Ledger, run_id: str) -> list[ServerWords]:
    """Return one server message per model, outcome and reason of a run, most frequent first.

    Refusals are excluded, since they are answers.
    """
    kind = [ATTEMPTS.c[name] for name in ("provider", "model", "outcome", "reason")]
    calls = sa.func.count().label("calls")
    query = (
        sa.select(*kind, calls, sa.func.min(ATTEMPTS.c.said).label("said"))
        .where(ATTEMPTS.c.run_id == run_id, ATTEMPTS.c.said.is_not(None))
        .where(ATTEMPTS.c.outcome != "refused")
        .group_by(*kind)
        .order_by(calls.desc(), *kind)
    )
    with ledger.database.engine.connect() as connection:
        return [ServerWords(**row) for row in connection.execute(query).mappings()]


def read_rows(ledger: Ledger) -> Iterator[list[dict[str, Any]]]:
    """Yield all attempts, open calls, answers and past answers, in batches; `entry` is the kind.

    All rows have the same columns. Columns of the other tables are None.
    """
    tables = {
        "attempt": ATTEMPTS,
        "sent_call": SENT_CALLS,
        "answer": ANSWERS,
        "past_answer": PAST_ANSWERS,
    }
    for entry, table in tables.items():
        blank = dict.fromkeys(ROW_TYPES) | {"entry": entry}
        query = sa.select(table).order_by(*table.primary_key)
        with ledger.database.engine.connect() as connection:
            streamed = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
            with closing(streamed):
                for batch in streamed.mappings().partitions(_ROWS_AT_ONCE):
                    yield [blank | dict(row) for row in batch]


# Columns of the rows of `read_rows`, with their Python types.
ROW_TYPES: dict[str, type] = {"entry": str} | {
    column.name: column.type.python_type
    for column in (*ATTEMPTS.c, *SENT_CALLS.c, *ANSWERS.c, *PAST_ANSWERS.c)
}


def weigh(ledger: Ledger, choice: Choice) -> Pruned:
    """Return the number and the cost of the stored answers that match `choice`, without deleting.

    The cost is that of all attempts at their questions.
    """
    database = ledger.database
    matching = _matching(choice, database.dialect)
    counted = sa.select(ANSWERS.c.model, sa.func.count()).where(matching).group_by(ANSWERS.c.model)
    keys = sa.select(ANSWERS.c.key).where(matching)
    cost = sa.select(sa.func.coalesce(sa.func.sum(ATTEMPTS.c.nano_usd), 0)).where(
        ATTEMPTS.c.key.in_(keys)
    )
    with database.engine.connect() as connection:
        models = {row[0]: row[1] for row in connection.execute(counted)}
        return Pruned(sum(models.values()), int(connection.execute(cost).scalar_one()), models)


def prune(ledger: Ledger, choice: Choice) -> int:
    """Delete the answers that match `choice` and return their number.

    The next run asks these questions again and pays for them again. Attempts are kept as the
    record of the money spent.
    """
    database = ledger.database
    with database.writing() as connection:
        deleted = connection.execute(ANSWERS.delete().where(_matching(choice, database.dialect)))
    return deleted.rowcount


def _sum_attempts() -> sa.Select[*tuple[Any, ...]]:
    outcome, count = ATTEMPTS.c.outcome, sa.func.count

    def ending(*outcomes: str) -> sa.ColumnElement[int]:
        return count().filter(outcome.in_(outcomes))

    def total(column: sa.Column[Any]) -> sa.ColumnElement[int]:
        return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)

    told = ("ok", "refused", "malformed", "rate_limited")
    return sa.select(
        *(ATTEMPTS.c[name] for name in _ASKER),
        count().label("calls"),
        ending("ok").label("answered"),
        ending("refused").label("refused"),
        ending("malformed").label("malformed"),
        ending("rate_limited").label("limited"),
        count().filter(outcome.not_in(told)).label("failed"),
        (count() - count(ATTEMPTS.c.key.distinct())).label("retries"),
        *(
            total(ATTEMPTS.c[name]).label(name)
            for name in ("input_tokens", "output_tokens", "cached_tokens", "nano_usd")
        ),
        (total(ATTEMPTS.c.nano_usd) + total(ATTEMPTS.c.bound_nano_usd)).label("nano_usd_at_most"),
        count()
        .filter(ATTEMPTS.c.nano_usd.is_not(None), ATTEMPTS.c.input_tokens.is_(None))
        .label("estimated"),
        count().filter(ATTEMPTS.c.nano_usd.is_(None)).label("unpriced"),
    ).group_by(*(ATTEMPTS.c[name] for name in _ASKER))


def _sum_sent() -> sa.Select[*tuple[Any, ...]]:
    bound = sa.cast(sa.func.sum(SENT_CALLS.c.bound_nano_usd), sa.BigInteger)
    columns = [SENT_CALLS.c[name] for name in _ASKER]
    counted = sa.func.count().label("count_open")
    return sa.select(*columns, counted, bound.label("bound")).group_by(*columns)


def _sum_embedded(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    stage = sa.case((ANSWERS.c.stage == "", ANSWERS.c.role), else_=ANSWERS.c.stage)
    status, count = _status(dialect), sa.func.count
    return (
        sa.select(
            stage.label("stage"),
            ANSWERS.c.role,
            ANSWERS.c.provider,
            ANSWERS.c.model,
            count().label("calls"),
            count().filter(status == "ok").label("answered"),
            count().filter(status != "ok").label("refused"),  # or abstained
        )
        .where(ANSWERS.c.provider == EMBEDDED)
        .group_by(stage, ANSWERS.c.role, ANSWERS.c.provider, ANSWERS.c.model)
    )


def _matching(choice: Choice, dialect: str) -> sa.ColumnElement[bool]:
    conditions: list[sa.ColumnElement[bool]] = [sa.true()]
    if choice.model is not None:
        conditions.append(ANSWERS.c.model == choice.model)
    if choice.stage is not None:
        conditions.append(ANSWERS.c.stage == choice.stage)
    if choice.status is not None:
        conditions.append(_status(dialect) == choice.status)
    return sa.and_(*conditions)


def _status(dialect: str) -> sa.ColumnElement[str]:
    """Return the expression that extracts the status from the answer's JSON text."""
    if dialect == "sqlite":
        return sa.func.json_extract(ANSWERS.c.answer, "$.status", type_=sa.Text)
    return sa.cast(ANSWERS.c.answer, sa.JSON)["status"].as_string()
