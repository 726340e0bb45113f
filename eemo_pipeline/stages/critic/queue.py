"""The queue of human review: one task per open field of an image that the loop cannot settle.

Tasks have a priority, the probability that a person changes the value. The order of the candidates
is drawn by hash, independent of who named them, and stored. When the loop stops is decided in
`state_machine.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.roles.critic import Facts, Judgement, order_candidates
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import unit_interval

_TABLE = TABLES["critic__queue"]


@dataclass(frozen=True)
class Task:
    """One field for a person to decide.

    Attributes:
        image_id: the image.
        field: the field.
        reason: why the loop stopped.
        facts: the values that were judged.
        judgement: the critic's judgement of the field.
        replies: the annotators' usable rows.
        certainty: the probability of the decided emotion, 0 to 1; None where there is none.
    """

    image_id: str
    field: str
    reason: str
    facts: Facts
    judgement: Judgement
    replies: Sequence[Mapping[str, Any]]
    certainty: float | None = None


def tabulate_tasks(tasks: Iterable[Task]) -> pl.DataFrame:
    """Return the rows of `critic__queue`."""
    rows = [
        {
            "image_id": task.image_id,
            "field": task.field,
            "reason": task.reason,
            "priority": expect_change(task),
            "candidates": name_candidates(task),
            "codes": [problem.code for problem in task.judgement.problems],
            "finding": "; ".join(problem.finding for problem in task.judgement.problems),
        }
        for task in tasks
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def expect_change(task: Task) -> float:
    """Return the expected probability that a person changes the value, 0 to 1.

    For the emotion, what its probability leaves to the others. For a box, what the best detection
    score leaves. For the other fields, the share of annotators whose value differs.
    """
    if task.field == "emotion":
        return round(1 - (task.certainty or 0.0), 6)
    if task.field == "box":
        scores = [box.score for box in task.facts.boxes if box.score is not None]
        return round(1 - max(scores, default=0.0), 6)
    given = [row[task.field] for row in task.replies]
    value = getattr(task.facts, task.field)
    return round(sum(other != value for other in given) / len(given), 6) if given else 1.0


def name_candidates(task: Task) -> list[str]:
    """Return the values to choose from, ordered by a hash draw.

    Of a contested emotion, the two that the critic compared. Of other fields, the distinct values
    that were given. Boxes are written as left, top, right, bottom.
    """
    facts = task.facts
    if task.field == "emotion" and facts.is_contested and facts.emotion and facts.rival:
        return order_candidates(task.image_id, facts.emotion, facts.rival)
    if task.field == "box":
        values = [_write_box(box) for box in facts.boxes]
    else:
        given = [getattr(facts, task.field), *(row[task.field] for row in task.replies)]
        values = [str(value) for value in given if value is not None]
    distinct = sorted(set(values))
    return sorted(distinct, key=lambda value: unit_interval(task.image_id, task.field, value))


def _write_box(box: Any) -> str:
    return " ".join(
        "?" if side is None else f"{side:g}" for side in (box.x1, box.y1, box.x2, box.y2)
    )


def find_certainties(decisions: pl.DataFrame, choices: pl.DataFrame) -> dict[str, float]:
    """Return image_id -> the probability of the decided emotion, or of the settled choice.

    Args:
        decisions: rows of `verification__decisions`.
        choices: rows of `critic__choices`.
    """
    decided = {
        image_id: shares[MIKELS_8.index(emotion)]
        for image_id, emotion, shares in decisions.select(
            "image_id", "emotion", "distribution"
        ).iter_rows()
        if emotion is not None and shares is not None
    }
    measured = choices.drop_nulls("probability").sort("round")
    return decided | dict(measured.select("image_id", "probability").iter_rows())
