"""The drafts of a task: what models wrote, in the order in which a person checks it."""

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.emotion.attributes import NEGATIVE, POSITIVE, polarity
from eemo_pipeline.web.database import DRAFTS
from eemo_pipeline.web.fields import DRAFTED_FIELDS

_FIND_DRAFTS = sa.select(DRAFTS).where(DRAFTS.c.image_id == sa.bindparam("of_image"))
_PLACES = {name: place for place, name in enumerate(DRAFTED_FIELDS)}


@dataclass(frozen=True)
class Task:
    """What the server knows of a rater's task.

    Attributes:
        task_id: the task.
        image_id: its image.
        fields: the fields whose drafts the rater checks: of the task, and once drafts were shown,
            those that were.
        machine_emotion: the emotion by machines.
        probe_field: the field whose draft is wrong on purpose.
        probe_value: the wrong draft, as JSON.
        state: state of the rater's slot.
    """

    task_id: str
    image_id: str
    fields: tuple[str, ...]
    machine_emotion: str | None
    probe_field: str | None
    probe_value: str | None
    state: str


def find_drafts(connection: sa.Connection, task: Task) -> list[dict[str, Any]]:
    """Return the drafts to check; one of a few tasks is wrong on purpose, which nobody is told."""
    found = connection.execute(_FIND_DRAFTS, {"of_image": task.image_id})
    rows = {row.field: row for row in found}
    return [
        {
            "field": field,
            "value": json.loads(
                task.probe_value or "null" if field == task.probe_field else rows[field].value
            ),
            "annotator": rows[field].annotator,
            "finding": rows[field].finding,
            "version": rows[field].version,
        }
        for field in sorted(task.fields, key=_place)
        if field in rows
    ]


def note_conflict(field: str, value: object, valence: int) -> str:
    """Return what a person should look at twice: an attribute against their own valence; else "".

    Args:
        field: the field of a draft.
        value: the draft.
        valence: what the person rated before they saw it, -4 (negative) to 4 (positive).
    """
    felt = POSITIVE if valence > 0 else NEGATIVE
    found = polarity(value) if field == "attribute" and isinstance(value, str) else None
    if not valence or found not in (POSITIVE, NEGATIVE) or found == felt:
        return ""
    return f"This is a {found} word, and you rated the image as {felt}"


def _place(field: str) -> int:
    return _PLACES.get(field, len(_PLACES))
