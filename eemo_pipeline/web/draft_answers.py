"""Which drafts a person is asked about, and the answers to them that stand.

A draft is checked by two people: one, and a second who finds the same or not. A third is asked
where they differ, and one more as long as no two say the same. The blind judgement has rules of its
own (`slots.py`).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import EVENTS, SLOTS
from eemo_pipeline.web.drafts import Task, find_drafts

SETTLING = 2  # people whose equal answers settle a draft

# Statements are built once: building one costs more than running it.
_TASK, _RATER = sa.bindparam("of_task"), sa.bindparam("of_rater")
_FIND_EVENTS = (
    sa.select(
        *(EVENTS.c.event_id, EVENTS.c.rater_id, EVENTS.c.kind, EVENTS.c.field),
        *(EVENTS.c.value, EVENTS.c.base_value),
    )
    .where(EVENTS.c.task_id == _TASK)
    .order_by(EVENTS.c.seq)
)
_FIND_SAID = _FIND_EVENTS.where(EVENTS.c.rater_id == _RATER)
_FIND_OTHERS = _FIND_EVENTS.join(
    SLOTS, (SLOTS.c.task_id == EVENTS.c.task_id) & (SLOTS.c.rater_id == EVENTS.c.rater_id)
).where(EVENTS.c.rater_id != _RATER, SLOTS.c.state == "done")


def leave_settled(connection: sa.Connection, task: Task, rater_id: str) -> tuple[str, ...]:
    """Return the fields of a task without those of which two others said the same.

    Only answers to the draft as it is now count, of people who finished the task; `unknown` settles
    nothing. A draft that is wrong on purpose is shown to everybody.
    """
    drafts = {
        draft["field"]: event_log.canonical(draft["value"])
        for draft in find_drafts(connection, task)
    }
    others: dict[str, list[Any]] = defaultdict(list)
    for event in connection.execute(_FIND_OTHERS, {"of_task": task.task_id, "of_rater": rater_id}):
        others[event.rater_id].append(event)
    results: dict[str, Counter[str]] = defaultdict(Counter)
    for said in others.values():
        by_id = {event.event_id: event for event in said}
        for field, answer in find_standing(said).items():
            event = by_id[answer["event_id"]]
            result = _result_of(event)
            if result is not None and event.base_value == drafts.get(field):
                results[field][result] += 1
    settled = {field for field, counted in results.items() if max(counted.values()) >= SETTLING}
    return tuple(
        field for field in task.fields if field not in settled or field == task.probe_field
    )


def find_said(connection: sa.Connection, rater_id: str, task_id: str) -> Sequence[Any]:
    """Return the events of a rater's task, in order."""
    return connection.execute(_FIND_SAID, {"of_task": task_id, "of_rater": rater_id}).all()


def find_standing(said: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Return field -> the answer that stands, undone ones left out; `emotion` is the reconciled."""
    undone = {json.loads(event.value) for event in said if event.kind == "undo"}
    return {
        event.field or "emotion": {
            "kind": event.kind,
            "value": json.loads(event.value or "null"),
            "event_id": event.event_id,
        }
        for event in said
        if (event.kind.startswith("field_") or event.kind == "reconcile")
        and event.event_id not in undone
    }


def _result_of(event: Any) -> str | None:
    """Return what an answer makes of the field: its value as JSON, or why it has none."""
    if event.kind == "field_accept":
        return event.base_value
    if event.kind == "field_edit":
        return event.value
    return event.kind if event.kind in ("field_reject", "field_absent") else None
