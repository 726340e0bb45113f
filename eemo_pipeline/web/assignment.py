"""Hands out tasks: to whom, in which order, and for how long.

Every task is leased for a quarter of an hour, and again with every sign of life. Audited images and
disputed ones are drawn by their shares, so that what a person sees next tells nothing about what a
machine said. Images that a machine finds negative do not follow one another: the image before
changes how people rate the next (Van der Burg et al. 2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import ITEMS, LEASES, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.people import Session, absent, now_ms
from eemo_pipeline.web.task_events import store

LEASE_MS = 15 * 60 * 1000
MOST_OUTSTANDING = 3  # what is on the screen, and two that the page loads ahead
QUEUES = ("audit", "disputed")
AUDIT_SHARE = 0.35  # of what is served, while there are both
_LOOKED_AT = 20  # tasks of the highest priority, among which the order rule chooses
# An image that has left the data root since is not handed out; what was said of it stays.
_HAS_IMAGE = sa.exists().where(ITEMS.c.image_id == TASKS.c.image_id)
_STRONG, _VERY_STRONG = 2.0, 3.0  # of a machine's valence, -4 to 4


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
    """

    task_id: str
    image_id: str
    width_px: int
    height_px: int
    fields: tuple[str, ...]
    state: str
    position: int


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
        held = _held(connection, session.rater_id)
        for task_id in held:
            if task_id not in have:
                renew(connection, task_id, session.rater_id, now)
                return _describe(connection, task_id, session.rater_id)
        if len(held) >= MOST_OUTSTANDING:
            return NothingLeft("outstanding", f"{len(held)} tasks are open; finish one of them")
        chosen = _choose(connection, session)
        if chosen is None:
            return _explain(connection, session)
        _lease(connection, session, chosen)
        renew(connection, chosen.task_id, session.rater_id, now)
        return _describe(connection, chosen.task_id, session.rater_id)


def renew(connection: sa.Connection, task_id: str, rater_id: str, now: int) -> None:
    """Extend a lease, or begin one."""
    mine = (LEASES.c.task_id == task_id, LEASES.c.rater_id == rater_id)
    changed = connection.execute(LEASES.update().where(*mine).values(until_ms=now + LEASE_MS))
    if not changed.rowcount:
        row = {"task_id": task_id, "rater_id": rater_id, "until_ms": now + LEASE_MS}
        connection.execute(LEASES.insert().values(**row))


def _expire(connection: sa.Connection, now: int) -> None:
    """Free the places of people who went away before they judged; what is judged never expires."""
    over = connection.execute(
        sa.select(LEASES.c.task_id, LEASES.c.rater_id, TASKS.c.image_id, LEASES.c.until_ms)
        .join(TASKS, TASKS.c.task_id == LEASES.c.task_id)
        .where(LEASES.c.until_ms < now)
    ).all()
    for row in over:
        mine = (SLOTS.c.task_id == row.task_id, SLOTS.c.rater_id == row.rater_id)
        if connection.execute(sa.select(SLOTS.c.state).where(*mine)).scalar() == "leased":
            name = f"expire-{row.task_id}-{row.rater_id}-{now}"
            store(connection, absent(row.rater_id), "expire", row.task_id, row.image_id, name)
        where = (LEASES.c.task_id == row.task_id, LEASES.c.rater_id == row.rater_id)
        connection.execute(LEASES.delete().where(*where))


def _held(connection: sa.Connection, rater_id: str) -> list[str]:
    """Return the unfinished tasks of a rater, the oldest first."""
    query = (
        sa.select(SLOTS.c.task_id)
        .join(TASKS, TASKS.c.task_id == SLOTS.c.task_id)
        .where(
            SLOTS.c.rater_id == rater_id,
            SLOTS.c.state.in_(["leased", "committed"]),
            TASKS.c.state.in_(["open", "full"]),
            _HAS_IMAGE,
        )
        .order_by(SLOTS.c.first_seq)
    )
    return list(connection.execute(query).scalars())


def _choose(connection: sa.Connection, session: Session) -> Any:
    """Return the next task of a rater, None where no task is left for them."""
    place = _count(connection, session.rater_id)
    drawn = unit_interval("queue", session.rater_id, str(place)) < AUDIT_SHARE
    before = _valences_before(connection, session.rater_id)
    for queue in QUEUES if drawn else QUEUES[::-1]:
        offered = connection.execute(_open_to(session, queue).limit(_LOOKED_AT)).all()
        if offered:
            fitting = (row for row in offered if _may_follow(row.machine_valence, before))
            return next(fitting, offered[0])
    return None


def _open_to(session: Session, queue: str) -> sa.Select[Any, Any, Any]:
    mine = sa.exists().where(SLOTS.c.task_id == TASKS.c.task_id)
    mine = mine.where(SLOTS.c.rater_id == session.rater_id)
    mine = mine.where(SLOTS.c.state.not_in(["expired", "released"]))
    query = sa.select(TASKS.c.task_id, TASKS.c.image_id, TASKS.c.machine_valence).where(
        TASKS.c.state == "open", TASKS.c.queue == queue, ~mine, _HAS_IMAGE
    )
    if session.avoided:
        machine = sa.func.coalesce(TASKS.c.machine_emotion, "")
        query = query.where(machine.not_in(session.avoided))
    return query.order_by(TASKS.c.priority.desc(), TASKS.c.tiebreak)


def _may_follow(valence: float | None, before: Sequence[float | None]) -> bool:
    """Whether an image may follow: at most two strong ones of one sign, never two very negative."""
    if valence is None or not before:
        return True
    last = before[0]
    if last is not None and last <= -_VERY_STRONG and valence <= -_VERY_STRONG:
        return False
    strong = [one for one in (valence, *before) if one is not None and abs(one) >= _STRONG]
    return not (len(strong) == 3 and len({one > 0 for one in strong}) == 1)


def _valences_before(connection: sa.Connection, rater_id: str) -> list[float | None]:
    query = (
        sa.select(TASKS.c.machine_valence)
        .join(SLOTS, SLOTS.c.task_id == TASKS.c.task_id)
        .where(SLOTS.c.rater_id == rater_id)
        .order_by(SLOTS.c.first_seq.desc())
        .limit(2)
    )
    return list(connection.execute(query).scalars())


def _lease(connection: sa.Connection, session: Session, task: Any) -> None:
    place = _count(connection, session.rater_id) + 1
    query = (
        sa.select(TASKS.c.image_id)
        .join(SLOTS, SLOTS.c.task_id == TASKS.c.task_id)
        .where(SLOTS.c.rater_id == session.rater_id)
        .order_by(SLOTS.c.first_seq.desc())
        .limit(1)
    )
    before = {"position": place, "previous_image_id": connection.execute(query).scalar()}
    seq = event_log.find_end(connection)[0] + 1
    store(
        connection,
        session,
        "lease",
        task.task_id,
        task.image_id,
        f"lease-{task.task_id}-{session.rater_id}-{seq}",
        value=event_log.canonical(before),
    )


def _count(connection: sa.Connection, rater_id: str) -> int:
    query = sa.select(sa.func.count()).where(SLOTS.c.rater_id == rater_id)
    return connection.execute(query).scalar_one()


def _describe(connection: sa.Connection, task_id: str, rater_id: str) -> Assigned:
    query = (
        sa.select(TASKS, ITEMS.c.width_px, ITEMS.c.height_px, SLOTS.c.state.label("slot"))
        .join(ITEMS, ITEMS.c.image_id == TASKS.c.image_id)
        .join(SLOTS, SLOTS.c.task_id == TASKS.c.task_id)
        .where(TASKS.c.task_id == task_id, SLOTS.c.rater_id == rater_id)
    )
    row = connection.execute(query).one()
    return Assigned(
        task_id,
        row.image_id,
        row.width_px,
        row.height_px,
        tuple(row.fields.split()),
        row.slot,
        _count(connection, rater_id),
    )


def _explain(connection: sa.Connection, session: Session) -> NothingLeft:
    """Say why a rater gets nothing: the first reason that holds."""
    states: dict[str, int] = {
        row.state: row.number
        for row in connection.execute(
            sa.select(TASKS.c.state, sa.func.count().label("number")).group_by(TASKS.c.state)
        )
    }
    if not states:
        return NothingLeft("no_tasks", "no task has been queued yet; run `eemo review queue`")
    everything = Session(**{**session.__dict__, "avoided": ()})
    if session.avoided and any(
        connection.execute(_open_to(everything, queue).limit(1)).first() for queue in QUEUES
    ):
        return NothingLeft("avoided", "what is left shows what you chose to avoid")
    if states.get("open"):
        return NothingLeft("all_yours", "you have judged or skipped every task that is open")
    leased = connection.execute(sa.select(sa.func.count()).select_from(LEASES)).scalar_one()
    if leased:
        return NothingLeft("leased", f"{leased} tasks are in other people's hands for now")
    return NothingLeft("all_done", "every task has the judgements that it needs")
