"""Tasks that are given to the same person a second time: how far do people agree with themselves?

A repeat is a task of its own, for one person, without drafts; nobody is told that it is one. The
answers are no data of the image. The log holds the event that made it.
"""

import sqlalchemy as sa

from eemo_pipeline.stats.hash_draws import short_hash, unit_interval
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import EVENTS, ITEMS, SLOTS, TASKS
from eemo_pipeline.web.people import Session, now_ms
from eemo_pipeline.web.slots import REPEATS
from eemo_pipeline.web.task_events import store

REPEAT_SHARE = 0.05  # of what is served, once there is something to repeat
_TASKS_LATER = 200
_MS_LATER = 7 * 86_400_000

# The first judgements of a person, of which none was asked for a second time.
_REPEATABLE = (
    sa.select(TASKS.c.task_id, TASKS.c.image_id, EVENTS.c.recorded_ms, SLOTS.c.first_seq)
    .join(SLOTS, TASKS.c.task_id == SLOTS.c.task_id)
    .join(EVENTS, EVENTS.c.seq == SLOTS.c.first_seq)
    .where(
        SLOTS.c.rater_id == sa.bindparam("of_rater"),
        SLOTS.c.state == "done",
        TASKS.c.queue != REPEATS,
        TASKS.c.state.in_(["open", "full"]),
        sa.func.coalesce(TASKS.c.machine_emotion, "").not_in(
            sa.bindparam("avoided", expanding=True)
        ),
        sa.exists().where(ITEMS.c.image_id == TASKS.c.image_id),
    )
    .order_by(SLOTS.c.first_seq)
    .offset(sa.bindparam("done_before"))
    .limit(1)
)
_COUNT_REPEATS = (
    sa.select(sa.func.count())
    .select_from(SLOTS)
    .join(TASKS, TASKS.c.task_id == SLOTS.c.task_id)
    .where(SLOTS.c.rater_id == sa.bindparam("of_rater"), TASKS.c.queue == REPEATS)
)
_COUNT_SINCE = (
    sa.select(sa.func.count())
    .select_from(SLOTS)
    .where(SLOTS.c.rater_id == sa.bindparam("of_rater"), SLOTS.c.first_seq > sa.bindparam("since"))
)


def store_repeat(connection: sa.Connection, session: Session, place: int) -> tuple[str, str] | None:
    """Make a repeat of a person's earliest task, if it is time for one; return task and image.

    Time is 200 tasks later, or seven days.

    Args:
        connection: a write transaction.
        session: the person.
        place: number of the task that is to be given.
    """
    if unit_interval("repeat", session.rater_id, str(place)) >= REPEAT_SHARE:
        return None
    mine = {"of_rater": session.rater_id}
    done_before = connection.execute(_COUNT_REPEATS, mine).scalar_one()
    asked = mine | {"avoided": list(session.avoided), "done_before": done_before}
    first = connection.execute(_REPEATABLE, asked).first()
    if first is None:
        return None
    is_old = now_ms() - first.recorded_ms >= _MS_LATER
    given_since = connection.execute(_COUNT_SINCE, mine | {"since": first.first_seq}).scalar_one()
    if not is_old and given_since + 1 < _TASKS_LATER:
        return None
    task_id = short_hash(REPEATS, first.task_id, session.rater_id)
    name = f"repeat-{task_id}"
    if event_log.find_stored(connection, [name]):
        return None
    value = event_log.canonical({"of": first.task_id})
    store(connection, session, "repeat", task_id, first.image_id, name, value=value)
    return task_id, first.image_id
