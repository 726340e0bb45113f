"""How far the review is: numbers for the first page and for `eemo review stats`."""

from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web.database import EVENTS, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.people import Session


def summarise(database: ReviewDatabase, session: Session) -> dict[str, int]:
    """Return what a rater sees on the first page: their own work, and how much is left."""
    own = sa.select(SLOTS.c.state, sa.func.count().label("number")).where(
        SLOTS.c.rater_id == session.rater_id
    )
    with database.reading() as connection:
        mine = {row.state: row.number for row in connection.execute(own.group_by(SLOTS.c.state))}
        left = connection.execute(
            sa.select(sa.func.count()).where(TASKS.c.state == "open")
        ).scalar_one()
    return {
        "judged": mine.get("done", 0) + mine.get("committed", 0) + mine.get("surplus", 0),
        "unfinished": mine.get("leased", 0) + mine.get("committed", 0),
        "skipped": mine.get("skipped", 0),
        "open": left,
    }


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
