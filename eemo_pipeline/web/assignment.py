"""Hands out tasks: to whom, in which order, and for how long.

Every task is leased for a quarter of an hour, and again with every sign of life. The queues are
drawn by their shares, so that what a person sees next tells nothing about what a machine said. A
few tasks are given to the same person a second time, much later.

Images that a machine finds negative do not follow one another: the image before changes how people
rate the next (Van der Burg et al. 2021). Nor are there many of them in a row of twenty.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import ITEMS, LEASES, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.frontiers import HIGHEST, LOWEST, find_first, find_open
from eemo_pipeline.web.people import Session, absent, now_ms
from eemo_pipeline.web.repeats import store_repeat
from eemo_pipeline.web.slots import find_state
from eemo_pipeline.web.task_events import store

LEASE_MS = 15 * 60 * 1000
MOST_OUTSTANDING = 3  # what is on the screen, and two that the page loads ahead
# Shares of what is served, while every queue has something; what an empty one leaves goes to the
# others, the largest share first.
SERVED = {"disputed": 0.45, "audit": 0.3, "inspection": 0.1, "rare": 0.1, "gold": 0.05}
QUEUES = tuple(SERVED)
STRONG, _VERY_STRONG = 2.0, 3.0  # of a machine's valence, -4 to 4
_RECENT = 20  # images of a person, among which the strongly negative are counted
_MOST_NEGATIVE = 6  # of those: 30 %

# Statements are built once: building one costs more than running it.
_NOW = sa.bindparam("now")
_TASK, _RATER = sa.bindparam("of_task"), sa.bindparam("of_rater")
_ITS_TASK = TASKS.c.task_id == SLOTS.c.task_id
_HAS_IMAGE = sa.exists().where(ITEMS.c.image_id == TASKS.c.image_id)
_MY_LEASE = (LEASES.c.task_id == _TASK, LEASES.c.rater_id == _RATER)
_RENEW = LEASES.update().where(*_MY_LEASE).values(until_ms=sa.bindparam("until"))
_ADD_LEASE = LEASES.insert()
_END_LEASE = LEASES.delete().where(*_MY_LEASE)
_OVER = (
    sa.select(LEASES.c.task_id, LEASES.c.rater_id, TASKS.c.image_id)
    .join(TASKS, TASKS.c.task_id == LEASES.c.task_id)
    .where(LEASES.c.until_ms < _NOW)
)
_HELD = (
    sa.select(SLOTS.c.task_id, SLOTS.c.first_seq)
    .join(TASKS, _ITS_TASK)
    .where(
        SLOTS.c.rater_id == _RATER,
        SLOTS.c.state.in_(["leased", "committed"]),
        TASKS.c.state.in_(["open", "full"]),
        _HAS_IMAGE,
    )
)
_COUNT = sa.select(sa.func.count()).where(SLOTS.c.rater_id == _RATER)
_BEFORE = (
    sa.select(TASKS.c.image_id, TASKS.c.machine_valence)
    .join(SLOTS, _ITS_TASK)
    .where(SLOTS.c.rater_id == _RATER)
    .order_by(SLOTS.c.first_seq.desc())
    .limit(_RECENT)
)
_DESCRIBE = (
    sa.select(TASKS, ITEMS.c.width_px, ITEMS.c.height_px, SLOTS.c.state.label("slot"))
    .join(ITEMS, ITEMS.c.image_id == TASKS.c.image_id)
    .join(SLOTS, SLOTS.c.task_id == TASKS.c.task_id)
    .where(TASKS.c.task_id == _TASK, SLOTS.c.rater_id == _RATER)
)
# A judged image is settled for others, though its lease lives on.
_COUNT_LEASED = sa.select(sa.func.count()).where(SLOTS.c.state == "leased")
_STATES = sa.select(TASKS.c.state, sa.func.count().label("number")).group_by(TASKS.c.state)


@dataclass(frozen=True)
class Assigned:
    """A task in a rater's hands.

    Attributes:
        task_id: the task.
        image_id: the image.
        width_px: its width, upright.
        height_px: its height.
        fields: the drafts to check after the blind judgement.
        state: leased, or committed where the blind judgement is stored already.
        position: how many tasks the rater was given, this one included.
        is_new: given just now, and not before.
        is_hard: a machine finds it strongly negative; sent to nobody.
    """

    task_id: str
    image_id: str
    width_px: int
    height_px: int
    fields: tuple[str, ...]
    state: str
    position: int
    is_new: bool
    is_hard: bool


@dataclass(frozen=True)
class NothingLeft:
    """Why there is no task, and what helps."""

    reason: str
    detail: str


def claim(
    database: ReviewDatabase, session: Session, have: Sequence[str] = ()
) -> Assigned | NothingLeft:
    """Give a rater the next task: first what is unfinished and not in `have`, then a new one."""
    now = now_ms()
    with database.writing() as connection:
        _expire(connection, now)
        held = find_held(connection, session.rater_id)
        for task_id in held:
            if task_id not in have:
                renew(connection, task_id, session.rater_id, now)
                return _describe(connection, task_id, session.rater_id)
        if len(held) >= MOST_OUTSTANDING:
            return NothingLeft("outstanding", f"{len(held)} tasks are open; finish one of them")
        place = connection.execute(_COUNT, {"of_rater": session.rater_id}).scalar_one() + 1
        before = connection.execute(_BEFORE, {"of_rater": session.rater_id}).all()
        chosen = _choose(connection, session, place, [row.machine_valence for row in before])
        if chosen is None:
            return _explain(connection, session)
        task_id, image_id = chosen
        told = {
            "position": place,
            "previous_image_id": before[0].image_id if before else None,
        }
        store(
            connection,
            session,
            "lease",
            task_id,
            image_id,
            f"lease-{uuid.uuid4().hex}",
            value=event_log.canonical(told),
        )
        renew(connection, task_id, session.rater_id, now)
        return _describe(connection, task_id, session.rater_id, new_place=place)


def find_held(connection: sa.Connection, rater_id: str) -> list[str]:
    """Return the unfinished tasks of a rater, the oldest first."""
    # Ordered here: SQLite would read all slots of the rater in order to find these few.
    held = sorted(connection.execute(_HELD, {"of_rater": rater_id}), key=lambda row: row.first_seq)
    return [row.task_id for row in held]


def renew(connection: sa.Connection, task_id: str, rater_id: str, now: int) -> None:
    """Extend a lease, or begin one."""
    until = now + LEASE_MS
    mine = {"of_task": task_id, "of_rater": rater_id, "until": until}
    if not connection.execute(_RENEW, mine).rowcount:
        row = {"task_id": task_id, "rater_id": rater_id, "until_ms": until}
        connection.execute(_ADD_LEASE, row)


def _expire(connection: sa.Connection, now: int) -> None:
    """Free the places of people who went away before they judged; what is judged never expires."""
    for row in connection.execute(_OVER, {"now": now}).all():
        if find_state(connection, row.task_id, row.rater_id) == "leased":
            name = f"expire-{row.task_id}-{row.rater_id}-{now}"
            store(connection, absent(row.rater_id), "expire", row.task_id, row.image_id, name)
        connection.execute(_END_LEASE, {"of_task": row.task_id, "of_rater": row.rater_id})


def _choose(
    connection: sa.Connection, session: Session, place: int, before: Sequence[float | None]
) -> tuple[str, str] | None:
    """Return task and image of a rater's next task, None where no task is left for them."""
    repeated = store_repeat(connection, session, place)
    if repeated is not None:
        return repeated
    bounds = find_bounds(before)
    unfit: list[tuple[str, str]] = []
    for queue in order_queues(unit_interval("queue", session.rater_id, str(place - 1))):
        first = find_first(connection, session, queue)
        if first is None:
            continue
        if bounds[0] < first.valence < bounds[1]:
            return first.task_id, first.image_id
        start = (first.priority, first.tiebreak)
        found = find_open(connection, session, queue, session.avoided, bounds, start)
        if found is not None:
            return found.task_id, found.image_id
        unfit.append((first.task_id, first.image_id))
    return unfit[0] if unfit else None  # nothing fits: what is left is handed out all the same


def order_queues(drawn: float) -> tuple[str, ...]:
    """Return the queues in the order in which a task is looked for: first the one that is drawn.

    Args:
        drawn: a number in [0, 1).
    """
    reached = 0.0
    for queue, share in SERVED.items():
        reached += share
        if drawn < reached:
            return (queue, *(other for other in QUEUES if other != queue))
    return QUEUES


def find_bounds(before: Sequence[float | None]) -> tuple[float, float]:
    """Return between which valences of a machine, both excluded, the next image may lie.

    At most two strong ones of one sign follow one another, never two very negative ones, and no
    more than 30 % of the last twenty are strongly negative.

    Args:
        before: machine's valences of the person's images, the last first; None where unknown.
    """
    above, below = LOWEST, HIGHEST
    last = [0.0 if one is None else one for one in before]
    if last and last[0] <= -_VERY_STRONG:
        above = -_VERY_STRONG
    if len(last) > 1 and min(last[:2]) >= STRONG:
        below = STRONG
    was_negative = len(last) > 1 and max(last[:2]) <= -STRONG
    if was_negative or sum(one <= -STRONG for one in last[:_RECENT]) >= _MOST_NEGATIVE:
        above = -STRONG
    return above, below


def _describe(
    connection: sa.Connection, task_id: str, rater_id: str, new_place: int | None = None
) -> Assigned:
    """Return a task that the rater holds; `new_place` is its number where it was given just now."""
    row = connection.execute(_DESCRIBE, {"of_task": task_id, "of_rater": rater_id}).one()
    return Assigned(
        task_id,
        row.image_id,
        row.width_px,
        row.height_px,
        tuple(row.fields.split()),
        row.slot,
        new_place or connection.execute(_COUNT, {"of_rater": rater_id}).scalar_one(),
        new_place is not None,
        row.machine_valence is not None and row.machine_valence <= -STRONG,
    )


def _explain(connection: sa.Connection, session: Session) -> NothingLeft:
    """Say why a rater gets nothing: the first reason that holds."""
    states: dict[str, int] = {row.state: row.number for row in connection.execute(_STATES)}
    if not states:
        return NothingLeft("no_tasks", "no task has been queued yet; run `eemo review queue`")
    if session.avoided and any(find_open(connection, session, queue) for queue in QUEUES):
        return NothingLeft("avoided", "what is left shows what you chose to avoid")
    as_annotator = replace(session, role="annotator")
    if any(find_open(connection, as_annotator, queue, session.avoided) for queue in QUEUES):
        return NothingLeft(
            "asked_again",
            "what is left was asked again: it goes to annotators, since your role shows you what "
            "was said of it",
        )
    if states.get("open"):
        return NothingLeft("all_yours", "you have judged or skipped every task that is open")
    leased = connection.execute(_COUNT_LEASED).scalar_one()
    if leased:
        return NothingLeft("leased", f"{leased} tasks are in other people's hands for now")
    return NothingLeft("all_done", "every task has the judgements that it needs")
