"""How carefully a person looks: what they answered to drafts that were wrong on purpose.

People accept wrong drafts where correcting costs more than accepting (Beck et al. 2025,
arXiv 2509.08514). Who accepts too many loses the key that accepts the rest at once; nobody is told
which draft was wrong.
"""

import sqlalchemy as sa

from eemo_pipeline.web.database import EVENTS, SLOTS, TASKS

FEWEST_PROBES = 4
MOST_ACCEPTED = 0.3  # share of the wrong drafts

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
