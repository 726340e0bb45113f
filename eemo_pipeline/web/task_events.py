"""Stores what happens to a task: an event at the end of the log, applied to the slots at once."""

from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web import event_log
from eemo_pipeline.web.people import Session, now_ms
from eemo_pipeline.web.slots import apply

# 2: objects are answered one by one; emotions stand in rotated orders, ratings may be on a grid,
# and a draft that contradicts the own valence says so.
FIELDS_VERSION = PAGE_VERSION = "2"


def store(
    connection: sa.Connection,
    session: Session,
    kind: str,
    task_id: str,
    image_id: str,
    event_id: str,
    **details: Any,
) -> int:
    """Append an event of a task and apply it; return its number.

    Args:
        connection: a write transaction.
        session: who did it; the event names the guidelines that they have read.
        kind: what was done.
        task_id: the task.
        image_id: its image.
        event_id: the same id is never stored twice.
        details: further columns of the event.
    """
    event = {
        "event_id": event_id,
        "recorded_ms": now_ms(),
        "session": session.session_hash[:16],
        "rater_id": session.rater_id,
        "kind": kind,
        "task_id": task_id,
        "image_id": image_id,
        "versions": event_log.canonical(
            {"fields": FIELDS_VERSION, "guide": session.guide_version, "page": PAGE_VERSION}
        ),
        **details,
    }
    seq = event_log.append(connection, event)
    apply(connection, event | {"seq": seq})
    return seq
