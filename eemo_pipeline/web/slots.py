"""The slot machine: which rater has which task, as it follows from the events alone.

`apply` is called in the transaction that stores an event, and again by `replay.py`. A task wants
`wanted` judgements; `taken` counts the slots that are leased, committed or done, so that no more
people judge an image than were asked for. A rater has at most one slot of a task (primary key).

    lease -> leased -> blind_commit -> committed -> submit -> done
             leased -> skip | release | expire, and the place is free again

A judgement that arrives after its place was given away is kept as `surplus`: it is stored, and not
counted.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa

from eemo_pipeline.web.database import SLOTS, TASKS

MOST_JUDGEMENTS = 5
_AGREED_SHARE = 0.67  # a smaller share of the first choice asks for one more person
_SPREAD = 1.5  # so does a larger standard deviation of valence, in steps of the scale
_MOST_SKIPS = 3  # then an administrator looks
JUDGED = ("committed", "done")


def apply(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    """Change the slots and tasks as the event says; events of fields change neither."""
    change = _CHANGES.get(event["kind"])
    if change is not None:
        change(connection, event)
        _settle(connection, event["task_id"])


def find_state(connection: sa.Connection, task_id: str, rater_id: str) -> str | None:
    """Return the state of a rater's slot, None where there is none."""
    query = sa.select(SLOTS.c.state).where(*_slot(task_id, rater_id))
    return connection.execute(query).scalar()


def _lease(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    task_id, rater_id, seq = event["task_id"], event["rater_id"], event["seq"]
    if find_state(connection, task_id, rater_id) is None:
        row = {"task_id": task_id, "rater_id": rater_id, "state": "leased"}
        connection.execute(SLOTS.insert().values(**row, first_seq=seq, last_seq=seq))
    else:
        _set(connection, event, state="leased")
    _take(connection, task_id, 1)


def _commit(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    said = json.loads(event["value"])
    state = find_state(connection, event["task_id"], event["rater_id"])
    if state != "leased":  # the lease ended, and the place may have been given away
        query = sa.select(TASKS.c.taken, TASKS.c.wanted).where(TASKS.c.task_id == event["task_id"])
        task = connection.execute(query).one()
        if task.taken >= task.wanted:
            _set(connection, event, state="surplus")
            return
        _take(connection, event["task_id"], 1)
    _set(connection, event, state="committed", emotion=said["emotion"], valence=said["valence"])


def _submit(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    if find_state(connection, event["task_id"], event["rater_id"]) == "committed":
        _set(connection, event, state="done")
        _ask_one_more(connection, event["task_id"])


def _skip(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    state = find_state(connection, event["task_id"], event["rater_id"])
    if state == "committed":  # the blind judgement stands; only the drafts were skipped
        _set(connection, event, state="done")
        return
    if state == "leased":
        _take(connection, event["task_id"], -1)
    _set(connection, event, state="skipped")
    skipped = TASKS.update().where(TASKS.c.task_id == event["task_id"])
    connection.execute(skipped.values(skipped=TASKS.c.skipped + 1))


def _give_back(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    if find_state(connection, event["task_id"], event["rater_id"]) == "leased":
        _set(connection, event, state="expired" if event["kind"] == "expire" else "released")
        _take(connection, event["task_id"], -1)


def _decide(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    choice = json.loads(event["value"])["choice"]
    state = {"plural": "plural", "drop": "dropped"}.get(choice, "adjudicated")
    same_image = TASKS.c.image_id == event["image_id"]
    connection.execute(TASKS.update().where(same_image).values(state=state))


def _close(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    state = "image_missing" if event["kind"] == "image_missing" else "flagged"
    same_image = TASKS.c.image_id == event["image_id"]
    connection.execute(TASKS.update().where(same_image).values(state=state))


def _reopen(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    """One more person is asked, whatever closed the task; five at most."""
    more = sa.case(
        (TASKS.c.taken < TASKS.c.wanted, TASKS.c.wanted),
        (TASKS.c.wanted >= MOST_JUDGEMENTS, TASKS.c.wanted),
        else_=TASKS.c.wanted + 1,
    )
    change = TASKS.update().where(TASKS.c.task_id == event["task_id"])
    connection.execute(change.values(state="open", skipped=0, wanted=more))


_CHANGES: dict[str, Callable[[sa.Connection, Mapping[str, Any]], None]] = {
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
}


def _slot(task_id: str, rater_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return SLOTS.c.task_id == task_id, SLOTS.c.rater_id == rater_id


def _set(connection: sa.Connection, event: Mapping[str, Any], **values: Any) -> None:
    where = _slot(event["task_id"], event["rater_id"])
    connection.execute(SLOTS.update().where(*where).values(**values, last_seq=event["seq"]))


def _take(connection: sa.Connection, task_id: str, count: int) -> None:
    change = TASKS.update().where(TASKS.c.task_id == task_id)
    connection.execute(change.values(taken=TASKS.c.taken + count))


def _settle(connection: sa.Connection, task_id: str) -> None:
    """A task is open while it wants more judgements, and no administrator has to look."""
    state = sa.case(
        (TASKS.c.state.not_in(["open", "full"]), TASKS.c.state),
        (TASKS.c.skipped >= _MOST_SKIPS, "skipped"),
        (TASKS.c.taken < TASKS.c.wanted, "open"),
        else_="full",
    )
    connection.execute(TASKS.update().where(TASKS.c.task_id == task_id).values(state=state))


def _ask_one_more(connection: sa.Connection, task_id: str) -> None:
    """Where the people asked so far do not agree, one more is asked, five at most."""
    judged = connection.execute(
        sa.select(SLOTS.c.emotion, SLOTS.c.valence).where(
            SLOTS.c.task_id == task_id, SLOTS.c.state.in_(JUDGED)
        )
    ).all()
    query = sa.select(TASKS.c.wanted).where(TASKS.c.task_id == task_id)
    wanted = connection.execute(query).scalar_one()
    if len(judged) < wanted or wanted >= MOST_JUDGEMENTS:
        return
    emotions = [row.emotion for row in judged]
    top = max(emotions.count(emotion) for emotion in emotions) / len(emotions)
    spread = float(np.std([row.valence for row in judged], ddof=1)) if len(judged) > 1 else 0.0
    if top < _AGREED_SHARE or spread > _SPREAD:
        change = TASKS.update().where(TASKS.c.task_id == task_id)
        connection.execute(change.values(wanted=wanted + 1))
