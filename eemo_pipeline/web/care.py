"""How carefully a person looks: what they answered to drafts that were wrong on purpose.

People accept wrong drafts where correcting costs more than accepting (Beck et al. 2025,
arXiv 2509.08514). Who accepts too many loses the key that accepts the rest at once; nobody is told
which draft was wrong. The page hides the key, and the server refuses what it would send.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from eemo_pipeline.web.database import EVENTS, SLOTS, TASKS
from eemo_pipeline.web.fields import Event
from eemo_pipeline.web.problems import Refused

FEWEST_PROBES = 4
MOST_ACCEPTED = 0.3  # share of the wrong drafts
SHORTEST_LOOK_MS = 300  # a draft was on the screen for so long before the rest is accepted

_PROBES = (
    sa.select(EVENTS.c.event_id, EVENTS.c.task_id, EVENTS.c.kind)
    .join(TASKS, TASKS.c.task_id == EVENTS.c.task_id)
    .join(SLOTS, (SLOTS.c.task_id == TASKS.c.task_id) & (SLOTS.c.rater_id == EVENTS.c.rater_id))
    .where(
        SLOTS.c.rater_id == sa.bindparam("rater_id"),
        TASKS.c.probe_field.is_not(None),
        EVENTS.c.field == TASKS.c.probe_field,
    )
    .order_by(EVENTS.c.seq)
)


def find_probes(connection: sa.Connection, rater_id: str) -> tuple[int, int]:
    """Return how many wrong drafts a person answered, and how many of them they accepted.

    The last answer to each counts; an answer that was taken back had been given all the same.
    """
    last = {row.task_id: row.kind for row in connection.execute(_PROBES, {"rater_id": rater_id})}
    return len(last), sum(kind == "field_accept" for kind in last.values())


def may_accept_rest(connection: sa.Connection, rater_id: str) -> bool:
    """Whether a person may accept several drafts with one key."""
    answered, accepted = find_probes(connection, rater_id)
    return answered < FEWEST_PROBES or accepted <= MOST_ACCEPTED * answered


def require_looked_at(
    connection: sa.Connection, rater_id: str, events: Sequence[Event], *, were_shown: bool
) -> None:
    """Refuse to accept drafts that the person cannot have looked at.

    Args:
        connection: a transaction.
        rater_id: the person.
        events: what they say, in one request.
        were_shown: whether the drafts of the task were sent to them.

    Raises:
        Refused: the drafts were not shown, or several are accepted at once by a person who may not,
            or without each having been on the screen.
    """
    accepted = [event for event in events if event.kind == "field_accept"]
    if accepted and not were_shown:
        raise Refused(
            403, "drafts_not_shown", "the drafts of this image were not shown", "look at them first"
        )
    if len(accepted) < 2 and not any(event.is_rest for event in accepted):
        return
    if not may_accept_rest(connection, rater_id):
        raise Refused(
            403,
            "one_by_one",
            "you answer each draft by itself from now on",
            "accept, edit or refuse them one by one",
        )
    unseen = sorted(
        str(event.field) for event in accepted if (event.seen_ms or 0) < SHORTEST_LOOK_MS
    )
    if unseen:
        raise Refused(
            422,
            "not_seen",
            f"not on the screen yet: {', '.join(unseen)}",
            "look at each draft before you accept the rest",
            fields=unseen,
        )
