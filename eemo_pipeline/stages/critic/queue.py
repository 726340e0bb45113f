"""The queue of human review: one task per open field of an image that the loop cannot settle.

The order of the candidates is independent of who named them. When the loop stops is decided in
`state_machine.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from eemo_pipeline.roles.critic import Facts, Judgement
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
    """

    image_id: str
    field: str
    reason: str
    facts: Facts
    judgement: Judgement
    replies: Sequence[Mapping[str, Any]]


def tabulate_tasks(tasks: Iterable[Task]) -> pl.DataFrame:
    """Return the rows of `critic__queue`."""
    rows = [
        {
            "image_id": task.image_id,
            "field": task.field,
            "reason": task.reason,
            "candidates": name_candidates(task),
            "codes": [problem.code for problem in task.judgement.problems],
            "finding": "; ".join(problem.finding for problem in task.judgement.problems),
        }
        for task in tasks
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def name_candidates(task: Task) -> list[str]:
    """Return the distinct values given for the field, ordered by a hash draw.

    A contested emotion includes its rival. Boxes are written as left, top, right, bottom.
    """
    if task.field == "box":
        values = [_write_box(box) for box in task.facts.boxes]
    else:
        rival = task.facts.rival if task.field == "emotion" and task.facts.is_contested else None
        given = [getattr(task.facts, task.field), *(row[task.field] for row in task.replies)]
        values = [str(value) for value in (*given, rival) if value is not None]
    distinct = sorted(set(values))
    return sorted(distinct, key=lambda value: unit_interval(task.image_id, task.field, value))


def _write_box(box: Any) -> str:
    return " ".join(
        "?" if side is None else f"{side:g}" for side in (box.x1, box.y1, box.x2, box.y2)
    )
