"""What is left for a person: one task per open field of a picture that the loop cannot settle.

Belongs here: the row of a task. Does not belong here: when the loop stops (`states.py`), or how
people are asked. The candidates stand in an order that says nothing about who named them.
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
        image_id: the picture.
        field: the field.
        reason: why the loop stopped.
        facts: the values that were judged.
        judgement: the critic's word on the field.
        replies: the annotators' usable rows.
    """

    image_id: str
    field: str
    reason: str
    facts: Facts
    judgement: Judgement
    replies: Sequence[Mapping[str, Any]]


def tabulate_tasks(tasks: Iterable[Task]) -> pl.DataFrame:
    """The rows of `critic__queue`."""
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
    """The distinct values of the field that were given, in an order drawn from the picture.

    A contested emotion has its rival beside it. Boxes are written left, top, right, bottom.
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
