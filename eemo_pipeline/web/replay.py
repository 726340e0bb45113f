"""Rebuilds what follows from the events, and compares it with what is stored."""

import sqlalchemy as sa

from eemo_pipeline.web import event_log, frontiers
from eemo_pipeline.web.database import SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.slots import REPEATS, apply

WANTED = 3  # people who judge an image, before disagreement asks for more


def replay(database: ReviewDatabase) -> tuple[int, bool]:
    """Rebuild the slots and the progress of the tasks from the events alone.

    Returns:
        The number of events, and whether the rebuilt rows equal those that were there.
    """
    with database.writing() as connection:
        before = _read(connection)
        connection.execute(SLOTS.delete())
        frontiers.forget(connection)
        connection.execute(TASKS.delete().where(TASKS.c.queue == REPEATS))
        connection.execute(TASKS.update().values(wanted=WANTED, taken=0, skipped=0, state="open"))
        count = 0
        for event in list(event_log.read_events(connection)):
            apply(connection, event)
            count += 1
        return count, _read(connection) == before


def _read(connection: sa.Connection) -> tuple[list[tuple[object, ...]], ...]:
    progress = (TASKS.c.task_id, TASKS.c.wanted, TASKS.c.taken, TASKS.c.skipped, TASKS.c.state)
    queries = (
        sa.select(SLOTS).order_by(SLOTS.c.task_id, SLOTS.c.rater_id),
        sa.select(*progress).order_by(TASKS.c.task_id),
    )
    return tuple([tuple(row) for row in connection.execute(query)] for query in queries)
