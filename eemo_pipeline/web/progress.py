"""How far the review is: numbers for the first page and for `eemo review stats`."""

import statistics
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web.database import EVENTS, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.people import Session

_IS_OPEN = TASKS.c.state == "open"
_QUEUES = (
    sa.select(
        TASKS.c.queue,
        sa.func.count().label("tasks"),
        sa.func.sum(sa.case((_IS_OPEN, 1), else_=0)).label("waiting"),
        sa.func.sum(sa.case((_IS_OPEN | (TASKS.c.state == "full"), 0), else_=1)).label("closed"),
        sa.func.sum(TASKS.c.taken).label("judgements"),
        sa.func.min(sa.case((_IS_OPEN, TASKS.c.added_ms))).label("oldest_ms"),
        sa.func.sum(sa.case((_IS_OPEN, TASKS.c.wanted - TASKS.c.taken), else_=0)).label("wanted"),
    )
    .group_by(TASKS.c.queue)
    .order_by(TASKS.c.queue)
)
_DAY_MS = 24 * 3600 * 1000
_ADDED_DAY = TASKS.c.added_ms // _DAY_MS
_WAITING = (
    sa.select(TASKS.c.queue, _ADDED_DAY, sa.func.count())
    .where(_IS_OPEN, TASKS.c.added_ms.is_not(None))
    .group_by(TASKS.c.queue, _ADDED_DAY)
    .order_by(TASKS.c.queue, _ADDED_DAY)
)
_LEASED = (
    sa.select(TASKS.c.queue, sa.func.count().label("leased"))
    .join(SLOTS, SLOTS.c.task_id == TASKS.c.task_id)
    .where(SLOTS.c.state.in_(["leased", "committed"]))
    .group_by(TASKS.c.queue)
)
_TIMES = (
    sa.select(EVENTS.c.task_id, EVENTS.c.rater_id, sa.func.sum(EVENTS.c.duration_ms).label("ms"))
    .where(EVENTS.c.duration_ms.is_not(None))
    .group_by(EVENTS.c.task_id, EVENTS.c.rater_id)
    .subquery()
)
_MEAN_MS = sa.select(sa.func.avg(_TIMES.c.ms))
_LATEST_TIMES = (
    sa.select(EVENTS.c.duration_ms)
    .where(
        EVENTS.c.rater_id == sa.bindparam("rater_id"),
        EVENTS.c.kind == "blind_commit",
        EVENTS.c.duration_ms.is_not(None),
    )
    .order_by(EVENTS.c.seq.desc())
    .limit(50)
)


def summarise(database: ReviewDatabase, session: Session) -> dict[str, Any]:
    """Return what a rater sees on the first page: their own work, and how much is left."""
    own = sa.select(SLOTS.c.state, sa.func.count().label("number")).where(
        SLOTS.c.rater_id == session.rater_id
    )
    with database.reading() as connection:
        mine = {row.state: row.number for row in connection.execute(own.group_by(SLOTS.c.state))}
        left = connection.execute(
            sa.select(sa.func.count()).where(TASKS.c.state == "open")
        ).scalar_one()
        latest = connection.execute(_LATEST_TIMES, {"rater_id": session.rater_id}).scalars().all()
    return {
        "median_s": statistics.median(latest) / 1000 if latest else None,
        "timed": len(latest),
        "judged": mine.get("done", 0) + mine.get("committed", 0) + mine.get("surplus", 0),
        "unfinished": mine.get("leased", 0) + mine.get("committed", 0),
        "skipped": mine.get("skipped", 0),
        "open": left,
    }


def count_waiting(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return rows of `review__waiting`: open tasks by queue and the day on which they came in."""
    return [
        {"queue": queue, "day": _day(days * _DAY_MS), "open_task_count": count}
        for queue, days, count in connection.execute(_WAITING)
    ]


def list_queues(database: ReviewDatabase) -> list[dict[str, Any]]:
    """Return, per queue: tasks, those that wait, the day on which the oldest of these came in,
    judgements given and wanted, and the time left.

    The time is that of one person: judgements wanted, times the mean time of those in the log.
    """
    with database.reading() as connection:
        leased = {row.queue: row.leased for row in connection.execute(_LEASED)}
        spent_s = connection.execute(_MEAN_MS).scalar()
        found = [dict(row) for row in connection.execute(_QUEUES).mappings()]
    for queue in found:
        oldest_ms = queue.pop("oldest_ms")
        queue["oldest"] = None if oldest_ms is None else _day(oldest_ms)
        queue["leased"] = leased.get(queue["queue"], 0)
        queue["wanted"] = int(queue["wanted"] or 0)
        queue["hours"] = None if spent_s is None else queue["wanted"] * float(spent_s) / 3_600_000
    return found


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def count(database: ReviewDatabase) -> dict[str, Any]:
    """Return the progress of all queues, people and events."""
    by_queue = sa.select(
        TASKS.c.queue, TASKS.c.state, sa.func.count().label("tasks"), sa.func.sum(TASKS.c.taken)
    ).group_by(TASKS.c.queue, TASKS.c.state)
    number = sa.func.count().label("number")
    by_slot = sa.select(SLOTS.c.state, number).group_by(SLOTS.c.state)
    with database.reading() as connection:
        queues = [
            {"queue": queue, "state": state, "tasks": tasks, "judgements": int(taken or 0)}
            for queue, state, tasks, taken in connection.execute(by_queue)
        ]
        slots = {row.state: row.number for row in connection.execute(by_slot)}
        events = connection.execute(sa.select(sa.func.count()).select_from(EVENTS)).scalar_one()
    return {
        "queues": sorted(queues, key=lambda row: (row["queue"], row["state"])),
        "judgements": slots,
        "events": events,
    }
