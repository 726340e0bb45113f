"""The slot machine: which rater has which task, as it follows from the events alone.

`apply` is called in the transaction that stores an event, and again by `replay.py`. A task wants
`wanted` judgements; `taken` counts the slots that are leased, committed or done, so that no more
people judge an image than were asked for. A rater has at most one slot of a task (primary key).

    lease -> leased -> blind_commit -> committed -> submit -> done
             leased -> skip | release | expire, and the place is free again

A judgement that arrives after its place was given away is kept as `surplus`: it is stored, and not
counted. Where a person withdraws, their slots are `withdrawn`, and the places are free again.
"""

import json
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web import frontiers
from eemo_pipeline.web.database import SLOTS, TASKS

MOST_JUDGEMENTS = 5
REPEATS = "repeats"  # queue of tasks that the same person was given before
# Queues that measure people; who is measured is not told how much of them there is.
MEASURING = (REPEATS, "gold")
_AGREED_SHARE = 0.67  # a smaller share of the first choice asks for one more person
_SPREAD = 1.5  # so does a larger standard deviation of valence, in steps of the scale
_MOST_SKIPS = 3  # then an administrator looks
JUDGED = ("committed", "done")

# Statements are built once: building one costs more than running it.
_MINE = (
    SLOTS.c.task_id == sa.bindparam("of_task"),
    SLOTS.c.rater_id == sa.bindparam("of_rater"),
)
_THE_TASK = TASKS.c.task_id == sa.bindparam("of_task")
_THE_IMAGE = TASKS.c.image_id == sa.bindparam("of_image")
_FIND_STATE = sa.select(SLOTS.c.state).where(*_MINE)
_ADD_SLOT = SLOTS.insert()
_SET_STATE = (
    SLOTS.update()
    .where(*_MINE)
    .values(state=sa.bindparam("new_state"), last_seq=sa.bindparam("seq"))
)
_SET_JUDGED = _SET_STATE.values(emotion=sa.bindparam("felt"), valence=sa.bindparam("rated"))
_FIND_PLACES = sa.select(TASKS.c.taken, TASKS.c.wanted).where(_THE_TASK)
_FIND_JUDGED = sa.select(SLOTS.c.emotion, SLOTS.c.valence).where(
    SLOTS.c.task_id == sa.bindparam("of_task"), SLOTS.c.state.in_(JUDGED)
)
_SET_IMAGE_STATE = TASKS.update().where(_THE_IMAGE).values(state=sa.bindparam("new_state"))
_TAKEN = TASKS.c.taken + sa.bindparam("more_taken")
_WANTED = TASKS.c.wanted + sa.bindparam("more_wanted")
_SKIPPED = TASKS.c.skipped + sa.bindparam("more_skipped")
# A task is open while it wants more judgements, and no administrator has to look.
_SETTLE = (
    TASKS.update()
    .where(_THE_TASK)
    .values(
        taken=_TAKEN,
        wanted=_WANTED,
        skipped=_SKIPPED,
        state=sa.case(
            (TASKS.c.state.not_in(["open", "full"]), TASKS.c.state),
            (_SKIPPED >= _MOST_SKIPS, "skipped"),
            (_TAKEN < _WANTED, "open"),
            else_="full",
        ),
    )
)
_REOPEN = (
    TASKS.update()
    .where(_THE_TASK)
    .values(
        state="open",
        skipped=0,
        wanted=sa.case(
            (TASKS.c.taken < TASKS.c.wanted, TASKS.c.wanted),
            (TASKS.c.wanted >= MOST_JUDGEMENTS, TASKS.c.wanted),
            else_=TASKS.c.wanted + 1,
        ),
    )
)
_WITHDRAWING = SLOTS.c.rater_id == sa.bindparam("of_rater")
_HAD_PLACE = sa.exists().where(
    SLOTS.c.task_id == TASKS.c.task_id, _WITHDRAWING, SLOTS.c.state.in_(["leased", *JUDGED])
)
_FREE_PLACES = (
    TASKS.update()
    .where(_HAD_PLACE, TASKS.c.queue != REPEATS)
    .values(
        taken=TASKS.c.taken - 1,
        state=sa.case((TASKS.c.state == "full", "open"), else_=TASKS.c.state),
    )
)
_WITHDRAW = (
    SLOTS.update().where(_WITHDRAWING).values(state="withdrawn", last_seq=sa.bindparam("seq"))
)
_FIND_TASK = sa.select(TASKS).where(_THE_TASK)
_ADD_TASK = TASKS.insert()


@dataclass(frozen=True)
class _Change:
    """How the numbers of a task change."""

    taken: int = 0
    skipped: int = 0
    wanted: int = 0


def apply(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    """Change the slots and tasks as the event says; events of fields change neither."""
    apply_change = _CHANGES.get(event["kind"])
    change = apply_change(connection, event) if apply_change is not None else None
    if change is not None:
        numbers = {
            "of_task": event["task_id"],
            "more_taken": change.taken,
            "more_skipped": change.skipped,
            "more_wanted": change.wanted,
        }
        connection.execute(_SETTLE, numbers)
        if change.taken < 0 or change.wanted > 0:  # a task that was full may be open again
            frontiers.move_back(connection, event["task_id"])


def find_state(connection: sa.Connection, task_id: str, rater_id: str) -> str | None:
    """Return the state of a rater's slot, None where there is none."""
    return connection.execute(_FIND_STATE, {"of_task": task_id, "of_rater": rater_id}).scalar()


def _lease(connection: sa.Connection, event: Mapping[str, Any]) -> _Change:
    if _state(connection, event) is None:
        row = {"task_id": event["task_id"], "rater_id": event["rater_id"], "state": "leased"}
        seq = event["seq"]
        connection.execute(_ADD_SLOT, row | {"first_seq": seq, "last_seq": seq})
    else:
        _set(connection, event, "leased")
    return _Change(taken=1)


def _commit(connection: sa.Connection, event: Mapping[str, Any]) -> _Change | None:
    said = json.loads(event["value"])
    change = None
    if _state(connection, event) != "leased":  # the lease ended, and the place may be another's
        task = connection.execute(_FIND_PLACES, {"of_task": event["task_id"]}).one()
        if task.taken >= task.wanted:
            _set(connection, event, "surplus")
            return None
        change = _Change(taken=1)
    felt = {"felt": said["emotion"], "rated": said["valence"]}
    connection.execute(_SET_JUDGED, _values(event, "committed") | felt)
    return change


def _submit(connection: sa.Connection, event: Mapping[str, Any]) -> _Change | None:
    if _state(connection, event) != "committed":
        return None
    _set(connection, event, "done")
    return _ask_one_more(connection, event["task_id"])


def _skip(connection: sa.Connection, event: Mapping[str, Any]) -> _Change | None:
    state = _state(connection, event)
    if state == "committed":  # the blind judgement stands; only the drafts were skipped
        _set(connection, event, "done")
        return None
    _set(connection, event, "skipped")
    return _Change(taken=-1 if state == "leased" else 0, skipped=1)


def _give_back(connection: sa.Connection, event: Mapping[str, Any]) -> _Change | None:
    if _state(connection, event) != "leased":
        return None
    _set(connection, event, "expired" if event["kind"] == "expire" else "released")
    return _Change(taken=-1)


def _decide(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    choice = json.loads(event["value"])["choice"]
    state = {"plural": "plural", "drop": "dropped"}.get(choice, "adjudicated")
    connection.execute(_SET_IMAGE_STATE, {"of_image": event["image_id"], "new_state": state})


def _close(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    state = "image_missing" if event["kind"] == "image_missing" else "flagged"
    connection.execute(_SET_IMAGE_STATE, {"of_image": event["image_id"], "new_state": state})


def _reopen(connection: sa.Connection, event: Mapping[str, Any]) -> _Change:
    """One more person is asked, whatever closed the task; five at most."""
    connection.execute(_REOPEN, {"of_task": event["task_id"]})
    frontiers.move_back(connection, event["task_id"])
    return _Change()


def _withdraw(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    """What a person said counts no more, and others are asked in their place."""
    mine = {"of_rater": event["rater_id"]}
    connection.execute(_FREE_PLACES, mine)
    connection.execute(_WITHDRAW, mine | {"seq": event["seq"]})
    frontiers.forget(connection)


def _repeat(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    """The same person is asked again: a task of its own, without drafts."""
    of = json.loads(event["value"])["of"]
    row = connection.execute(_FIND_TASK, {"of_task": of}).mappings().one()
    repeated = {
        "task_id": event["task_id"],
        "queue": REPEATS,
        "fields": "",
        "machine_emotion": None,
        "probe_field": None,
        "probe_value": None,
        "wanted": 1,
        "taken": 0,
        "skipped": 0,
        "state": "open",
    }
    connection.execute(_ADD_TASK, {**row, **repeated})


_CHANGES: dict[str, Callable[[sa.Connection, Mapping[str, Any]], _Change | None]] = {
    "lease": _lease,
    "blind_commit": _commit,
    "submit": _submit,
    "skip": _skip,
    "release": _give_back,
    "expire": _give_back,
    "adjudicate": _decide,
    "flag": _close,
    "image_missing": _close,
    "reopen": _reopen,
    "repeat": _repeat,
    "withdraw": _withdraw,
}


def _state(connection: sa.Connection, event: Mapping[str, Any]) -> str | None:
    return find_state(connection, event["task_id"], event["rater_id"])


def _values(event: Mapping[str, Any], state: str) -> dict[str, Any]:
    named = {"of_task": event["task_id"], "of_rater": event["rater_id"]}
    return named | {"new_state": state, "seq": event["seq"]}


def _set(connection: sa.Connection, event: Mapping[str, Any], state: str) -> None:
    connection.execute(_SET_STATE, _values(event, state))


def _ask_one_more(connection: sa.Connection, task_id: str) -> _Change | None:
    """Where the people asked so far do not agree, one more is asked, five at most."""
    judged = connection.execute(_FIND_JUDGED, {"of_task": task_id}).all()
    wanted = connection.execute(_FIND_PLACES, {"of_task": task_id}).one().wanted
    if len(judged) < wanted or wanted >= MOST_JUDGEMENTS or wanted == 1:
        return None
    emotions = [row.emotion for row in judged]
    top = max(emotions.count(emotion) for emotion in emotions) / len(emotions)
    spread = statistics.stdev([row.valence for row in judged]) if len(judged) > 1 else 0.0
    return _Change(wanted=1) if top < _AGREED_SHARE or spread > _SPREAD else None
