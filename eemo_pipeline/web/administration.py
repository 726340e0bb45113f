"""What administrators see and do: latest events, waiting tasks, asking again, withdrawals."""

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import EVENTS, RATERS, TASKS, ReviewDatabase
from eemo_pipeline.web.people import Session, deactivate, now_ms
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.slots import apply
from eemo_pipeline.web.task_events import store
from eemo_pipeline.web.votes import WITHDRAWN

_WAITING = ("skipped", "flagged", "image_missing")
_SHOWN = 50
_REASONS = sa.select(EVENTS.c.kind, EVENTS.c.task_id, EVENTS.c.image_id, EVENTS.c.value).where(
    EVENTS.c.image_id.in_(sa.bindparam("of_images", expanding=True)),
    EVENTS.c.kind.in_(["skip", "flag", "image_missing"]),
    EVENTS.c.value.is_not(None),
)


def list_events(database: ReviewDatabase) -> list[dict[str, Any]]:
    """Return the latest events, the last first; what was said in them is left out."""
    query = (
        sa.select(
            EVENTS.c.seq,
            EVENTS.c.recorded_ms,
            EVENTS.c.kind,
            EVENTS.c.field,
            EVENTS.c.task_id,
            EVENTS.c.hash,
            RATERS.c.name,
        )
        .join(RATERS, RATERS.c.rater_id == EVENTS.c.rater_id, isouter=True)
        .order_by(EVENTS.c.seq.desc())
        .limit(_SHOWN)
    )
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def list_guide_changes(database: ReviewDatabase) -> list[dict[str, Any]]:
    """Return decisions whose adjudicator finds the guidelines unclear, the last first."""
    query = (
        sa.select(EVENTS.c.seq, EVENTS.c.image_id, EVENTS.c.value, EVENTS.c.recorded_ms)
        .where(EVENTS.c.kind == "adjudicate", EVENTS.c.value.contains('"guide_change":true'))
        .order_by(EVENTS.c.seq.desc())
        .limit(_SHOWN)
    )
    with database.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [row | json.loads(row["value"]) for row in rows]


def list_waiting(database: ReviewDatabase) -> list[dict[str, Any]]:
    """Return tasks that people skipped or flagged, or whose image cannot be shown, and why."""
    query = (
        sa.select(TASKS.c.task_id, TASKS.c.image_id, TASKS.c.state, TASKS.c.skipped)
        .where(TASKS.c.state.in_(_WAITING))
        .order_by(TASKS.c.state, TASKS.c.task_id)
        .limit(_SHOWN)
    )
    with database.reading() as connection:
        tasks = [dict(row) for row in connection.execute(query).mappings()]
        # A flag and a missing file take the image from all its tasks; a skip is of one.
        images = [task["image_id"] for task in tasks]
        said = connection.execute(_REASONS, {"of_images": images}).all()
    for task in tasks:
        task["reasons"] = Counter(
            str(json.loads(row.value))
            for row in said
            if row.image_id == task["image_id"]
            and (row.kind != "skip" or row.task_id == task["task_id"])
        ).most_common()
    return tasks


def withdraw(database: ReviewDatabase, name: str) -> None:
    """Take a person's access, and leave what they said out of every table from now on.

    It stays in the log, which nothing is deleted from; others are asked in their place.

    Raises:
        PersonProblem: nobody has this name.
    """
    rater_id = deactivate(database, name)
    event = {
        **{"event_id": str(uuid.uuid4()), "recorded_ms": now_ms(), "session": ""},
        **{"rater_id": rater_id, "kind": WITHDRAWN, "versions": "{}"},
    }
    with database.writing() as connection:
        seq = event_log.append(connection, event)
        apply(connection, event | {"seq": seq})


def ask_again(database: ReviewDatabase, session: Session, task_id: str, event_id: str) -> int:
    """Open a task for one more person; return the event's number.

    Raises:
        Refused: there is no such task.
    """
    return ask_again_about(database, session, {event_id: task_id})[event_id]


def ask_again_about(
    database: ReviewDatabase, session: Session, tasks: Mapping[str, str]
) -> dict[str, int]:
    """Open tasks for one more person each, all or none; return event_id -> its number.

    Args:
        database: the reviews.
        session: who asks.
        tasks: event_id -> task_id.

    Raises:
        Refused: there is no such task.
    """
    query = sa.select(TASKS.c.task_id, TASKS.c.image_id).where(TASKS.c.task_id.in_(tasks.values()))
    with database.writing() as connection:
        stored = event_log.find_stored(connection, list(tasks))
        images = {row.task_id: row.image_id for row in connection.execute(query)}
        for event_id, task_id in tasks.items():
            if task_id not in images:
                raise Refused(404, "no_such_task", "there is no such task", "reload the page")
            if event_id not in stored:
                image_id = images[task_id]
                stored[event_id] = store(connection, session, "reopen", task_id, image_id, event_id)
    return stored
