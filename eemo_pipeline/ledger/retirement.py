"""Sets answers aside so that their questions are asked again; a set-aside answer is never deleted.

The key of a question does not change, and a key has one answer. `past_answers` keeps the earlier
ones, with the condition by which they were chosen, until a run has finished that asked again: a
request that a budget or a crash ended is continued, and pays for no question twice.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.ledger.encoding import inert
from eemo_pipeline.ledger.store import EMBEDDED, Ledger
from eemo_pipeline.ledger.tables import ANSWERS, ATTEMPTS, PAST_ANSWERS

_KEYS_AT_ONCE = 5_000


@dataclass(frozen=True)
class AskedAgain:
    """The questions of one stage to one model, and what their answers took last time.

    Attributes:
        stage: the stage that sends the questions.
        provider: the provider that bills them.
        model: the model.
        questions: questions that will be asked again.
        calls: attempts last time, retries included.
        nano_usd: known cost of these attempts.
    """

    stage: str
    provider: str
    model: str
    questions: int
    calls: int
    nano_usd: int


def find_answered(
    ledger: Ledger,
    images: Collection[str],
    stages: Collection[str],
    askers: Collection[tuple[str, str]],
) -> dict[str, tuple[str, str, str]]:
    """Return key -> stage, provider and model of the stored answers about the images.

    Args:
        ledger: where the answers are.
        images: image_ids.
        stages: the stages that sent the questions.
        askers: pairs of provider and model. Embedded models are left out: they would say the same.
    """
    chosen = frozenset(images)
    columns = [ANSWERS.c[name] for name in ("key", "image_id", "stage", "provider", "model")]
    query = sa.select(*columns).where(
        ANSWERS.c.stage.in_(list(stages)), ANSWERS.c.provider != EMBEDDED
    )
    found: dict[str, tuple[str, str, str]] = {}
    with ledger.database.engine.connect() as connection:
        for row in connection.execute(query):
            if row.image_id in chosen and (row.provider, row.model) in askers:
                found[row.key] = row.stage, row.provider, row.model
    return found


def find_waiting(ledger: Ledger, condition: str) -> dict[str, tuple[str, str, str]]:
    """Return key -> stage, provider and model of an unfinished request's questions without answer.

    Args:
        ledger: where the answers are.
        condition: the request.
    """
    columns = [PAST_ANSWERS.c[name] for name in ("key", "stage", "provider", "model")]
    is_answered = sa.exists().where(ANSWERS.c.key == PAST_ANSWERS.c.key)
    query = sa.select(*columns).where(
        PAST_ANSWERS.c.condition == inert(condition),
        PAST_ANSWERS.c.finished_at.is_(None),
        ~is_answered,
    )
    with ledger.database.engine.connect() as connection:
        return {row.key: (row.stage, row.provider, row.model) for row in connection.execute(query)}


def finish(ledger: Ledger, condition: str) -> None:
    """Mark a request as finished: a run has asked what was left to ask."""
    chosen = PAST_ANSWERS.c.condition == inert(condition), PAST_ANSWERS.c.finished_at.is_(None)
    with ledger.database.writing() as connection:
        connection.execute(PAST_ANSWERS.update().where(*chosen).values(finished_at=_now()))


def weigh_again(ledger: Ledger, answered: dict[str, tuple[str, str, str]]) -> list[AskedAgain]:
    """Return one line per stage, provider and model: questions, and calls and cost last time."""
    questions = Counter(answered.values())
    calls: Counter[tuple[str, str, str]] = Counter()
    cost: Counter[tuple[str, str, str]] = Counter()
    with ledger.database.engine.connect() as connection:
        for keys in _chunks(sorted(answered)):
            summed = (
                sa.select(ATTEMPTS.c.key, sa.func.count(), sa.func.sum(ATTEMPTS.c.nano_usd))
                .where(ATTEMPTS.c.key.in_(keys))
                .group_by(ATTEMPTS.c.key)
            )
            for key, count, nano_usd in connection.execute(summed):
                calls[answered[key]] += count
                cost[answered[key]] += int(nano_usd or 0)
    return [
        AskedAgain(*asker, count, calls[asker], cost[asker])
        for asker, count in sorted(questions.items())
    ]


def retire(ledger: Ledger, keys: Collection[str], condition: str) -> int:
    """Move the answers to `past_answers` in one durable transaction; return their number.

    Args:
        ledger: where the answers are.
        keys: the questions to be asked again.
        condition: how a person chose them.
    """
    told = [sa.literal(_now()), sa.literal(inert(condition))]
    retired = 0
    with ledger.database.writing() as connection:
        for chunk in _chunks(sorted(keys)):
            chosen = ANSWERS.c.key.in_(chunk)
            names = [column.name for column in ANSWERS.c]
            kept = sa.select(*ANSWERS.c, *told).where(chosen)
            connection.execute(
                PAST_ANSWERS.insert().from_select([*names, "retired_at", "condition"], kept)
            )
            retired += connection.execute(ANSWERS.delete().where(chosen)).rowcount
    return retired


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _chunks(keys: Sequence[str]) -> Iterator[list[Any]]:
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        yield list(keys[start : start + _KEYS_AT_ONCE])
