"""How far a person has come in a queue: where the search for their next task begins.

Before its frontier, a person has had or avoids every task that is open. Without it, whoever judged
ten thousand images would have them all looked at again before the next one is found. A task that
becomes open again moves the frontiers behind it back. They follow from the slots, so they may be
forgotten at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from eemo_pipeline.web.database import EVENTS, FRONTIERS, ITEMS, SLOTS, TASKS
from eemo_pipeline.web.people import Session

LOWEST, HIGHEST = -9.0, 9.0  # beyond the scale of valence: no bound
_BEGINNING = (1e300, "")

# Statements are built once: building one costs more than running it.
_MINE = (
    FRONTIERS.c.rater_id == sa.bindparam("of_rater"),
    FRONTIERS.c.queue == sa.bindparam("of_queue"),
)
_FIND = sa.select(FRONTIERS.c.avoided, FRONTIERS.c.priority, FRONTIERS.c.tiebreak).where(*_MINE)
_MOVE = (
    FRONTIERS.update()
    .where(*_MINE)
    .values(
        avoided=sa.bindparam("avoiding"),
        priority=sa.bindparam("its_priority"),
        tiebreak=sa.bindparam("its_tiebreak"),
    )
)
_BEGIN = FRONTIERS.insert()
_THE_TASK = TASKS.c.task_id == sa.bindparam("of_task")
_MOVE_BACK = (
    FRONTIERS.update()
    .where(
        sa.exists().where(
            _THE_TASK,
            TASKS.c.queue == FRONTIERS.c.queue,
            sa.or_(
                TASKS.c.priority > FRONTIERS.c.priority,
                sa.and_(
                    TASKS.c.priority == FRONTIERS.c.priority,
                    TASKS.c.tiebreak < FRONTIERS.c.tiebreak,
                ),
            ),
        )
    )
    .values(
        priority=sa.select(TASKS.c.priority).where(_THE_TASK).scalar_subquery(),
        tiebreak=sa.select(TASKS.c.tiebreak).where(_THE_TASK).scalar_subquery(),
    )
)
# A slot that was given back is no longer the person's.
_IS_MINE = sa.exists().where(
    SLOTS.c.task_id == TASKS.c.task_id,
    SLOTS.c.rater_id == sa.bindparam("of_rater"),
    SLOTS.c.state.not_in(["expired", "released"]),
)
# An image that has left the data root since is not handed out; what was said of it stays.
_HAS_IMAGE = sa.exists().where(ITEMS.c.image_id == TASKS.c.image_id)
# The gallery and the cases show reviewers what was said of a decided image.
_WAS_DECIDED = sa.exists().where(
    EVENTS.c.task_id == TASKS.c.task_id, EVENTS.c.kind.in_(["adjudicate", "reopen"])
)
_VALENCE = sa.func.coalesce(TASKS.c.machine_valence, 0.0)
_OPEN = (
    sa.select(
        TASKS.c.task_id,
        TASKS.c.image_id,
        TASKS.c.priority,
        TASKS.c.tiebreak,
        _VALENCE.label("valence"),
    )
    .where(
        TASKS.c.state == "open",
        TASKS.c.queue == sa.bindparam("of_queue"),
        TASKS.c.priority <= sa.bindparam("its_priority"),
        sa.or_(
            TASKS.c.priority < sa.bindparam("its_priority"),
            TASKS.c.tiebreak >= sa.bindparam("its_tiebreak"),
        ),
        sa.bindparam("above") < _VALENCE,
        sa.bindparam("below") > _VALENCE,
        sa.func.coalesce(TASKS.c.machine_emotion, "").not_in(
            sa.bindparam("avoided", expanding=True)
        ),
        ~_IS_MINE,
        sa.or_(sa.bindparam("is_annotator", type_=sa.Boolean), ~_WAS_DECIDED),
        _HAS_IMAGE,
    )
    .order_by(TASKS.c.priority.desc(), TASKS.c.tiebreak)
    .limit(1)
)


@dataclass(frozen=True)
class OpenTask:
    """A task that a person may have.

    Attributes:
        task_id: the task.
        image_id: its image.
        priority: tasks of a higher one come first.
        tiebreak: in which order those of one priority come.
        valence: the machine's, -4 to 4; 0 where it is not known.
    """

    task_id: str
    image_id: str
    priority: float
    tiebreak: str
    valence: float


def find_open(
    connection: sa.Connection,
    session: Session,
    queue: str,
    avoided: Sequence[str] = (),
    bounds: tuple[float, float] = (LOWEST, HIGHEST),
    start: tuple[float, str] = _BEGINNING,
) -> OpenTask | None:
    """Return the first open task of a queue that a person has not had, None where there is none.

    What is asked again goes to annotators alone: higher roles may have seen what was said of it.

    Args:
        connection: a transaction.
        session: of the person.
        queue: the queue.
        avoided: emotions that they do not want to see.
        bounds: the machine's valence lies between these two.
        start: priority and tiebreak of the first task that is looked at.
    """
    asked = {
        "of_rater": session.rater_id,
        "of_queue": queue,
        "is_annotator": not session.may("reviewer"),
        "avoided": list(avoided),
        "above": bounds[0],
        "below": bounds[1],
        "its_priority": start[0],
        "its_tiebreak": start[1],
    }
    row = connection.execute(_OPEN, asked).first()
    return OpenTask(*row) if row is not None else None


def find_first(connection: sa.Connection, session: Session, queue: str) -> OpenTask | None:
    """Return the first open task that a person may have, and move their frontier there."""
    mine = {"of_rater": session.rater_id, "of_queue": queue}
    avoiding = " ".join(sorted(session.avoided))
    known = connection.execute(_FIND, mine).first()
    is_known = known is not None and known.avoided == avoiding
    start = (known.priority, known.tiebreak) if known is not None and is_known else _BEGINNING
    first = find_open(connection, session, queue, session.avoided, start=start)
    if first is not None and start != (first.priority, first.tiebreak):
        place = {"its_priority": first.priority, "its_tiebreak": first.tiebreak}
        if not connection.execute(_MOVE, mine | place | {"avoiding": avoiding}).rowcount:
            row = {"rater_id": session.rater_id, "queue": queue, "avoided": avoiding}
            place = {"priority": first.priority, "tiebreak": first.tiebreak}
            connection.execute(_BEGIN, row | place)
    return first


def move_back(connection: sa.Connection, task_id: str) -> None:
    """Have everybody's search begin at a task again, or before it: it may be open again."""
    connection.execute(_MOVE_BACK, {"of_task": task_id})


def forget(connection: sa.Connection) -> None:
    """Have every search begin at the beginning of its queue: tasks and images have changed."""
    connection.execute(FRONTIERS.delete())
