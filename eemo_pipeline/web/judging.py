"""Takes what a rater says of a task: first the blind judgement, then the drafts, then the end.

The server enforces the order. Drafts and the machine's emotion are handed out by `reveal` alone,
and only after the blind judgement is in the log. Everything is idempotent by the event's id.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.aggregation.region_marks import find_unknown
from eemo_pipeline.web import event_log
from eemo_pipeline.web.assignment import renew
from eemo_pipeline.web.care import may_accept_rest, require_looked_at
from eemo_pipeline.web.database import EVENTS, ITEMS, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.draft_answers import find_said, find_standing, leave_settled
from eemo_pipeline.web.drafts import Task, find_drafts, note_conflict
from eemo_pipeline.web.fields import (
    BOX_FIELD,
    REASON_FIELD,
    SKIP_REASONS,
    BlindJudgement,
    Event,
    order_emotions,
)
from eemo_pipeline.web.people import Session, now_ms
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.task_events import store

_AFTER_JUDGING = ("committed", "done", "surplus")

# Statements are built once: building one costs more than running it.
_TASK, _RATER = sa.bindparam("of_task"), sa.bindparam("of_rater")
_FIND_TASK = (
    sa.select(TASKS, SLOTS.c.state.label("slot"), EVENTS.c.value.label("shown"))
    .join(SLOTS, SLOTS.c.task_id == TASKS.c.task_id)
    .outerjoin(EVENTS, EVENTS.c.event_id == sa.bindparam("of_reveal"))
    .where(TASKS.c.task_id == _TASK, SLOTS.c.rater_id == _RATER)
)
_FIND_SIZE = sa.select(ITEMS.c.width_px, ITEMS.c.height_px).where(
    ITEMS.c.image_id == sa.bindparam("of_image")
)
_FIND_EVENT = sa.select(EVENTS).where(EVENTS.c.event_id == sa.bindparam("of_event"))


def commit(
    database: ReviewDatabase,
    session: Session,
    task_id: str,
    event_id: str,
    judgement: BlindJudgement,
    *,
    client_ms: int | None = None,
    duration_ms: int | None = None,
    gap_ms: int | None = None,
    rating_input: str | None = None,
) -> int:
    """Store the blind judgement; from now on the drafts may be shown. Return the event's number.

    The event also holds what may bias the judgement: the order in which the emotions stood, whether
    valence and arousal were rated on scales or on the grid, and the empty moment before the image.

    Raises:
        Refused: the rater has no such task, or has judged it already.
    """
    with database.writing() as connection:
        task = _require_task(connection, session, task_id)
        stored = event_log.find_stored(connection, [event_id])
        if stored:
            return stored[event_id]
        if task.state in _AFTER_JUDGING:
            raise Refused(
                409, "already_committed", "this image has your judgement", "go on with its drafts"
            )
        said = judgement.model_dump() | {
            "gap_ms": gap_ms,
            "rating_input": rating_input,
            "emotion_order": order_emotions(session.emotion_turn),
        }
        seq = store(
            connection,
            session,
            "blind_commit",
            task_id,
            task.image_id,
            event_id,
            value=event_log.canonical(said),
            client_ms=client_ms,
            duration_ms=duration_ms,
        )
        renew(connection, task_id, session.rater_id, now_ms())
        return seq


def reveal(database: ReviewDatabase, session: Session, task_id: str) -> dict[str, Any]:
    """Return the drafts of a task and what the machine felt; note which drafts were shown.

    They are those that no two people have settled yet, and stay the same from then on.

    Raises:
        Refused: the blind judgement is not stored yet.
    """
    with database.writing() as connection:
        task = _require_task(connection, session, task_id)
        if task.state not in _AFTER_JUDGING:
            raise _not_judged()
        name = _name_reveal(task_id, session)
        if not event_log.find_stored(connection, [name]):
            task = replace(task, fields=leave_settled(connection, task, session.rater_id))
            shown = event_log.canonical(list(task.fields))
            store(connection, session, "reveal", task_id, task.image_id, name, value=shown)
        said = find_said(connection, session.rater_id, task_id)
        judged = _judgement(said)
        own, valence = judged.get("emotion", ""), judged.get("valence", 0)
        drafts = find_drafts(connection, task)
        for draft in drafts:
            draft["conflict"] = note_conflict(draft["field"], draft["value"], valence)
        return {
            "drafts": drafts,
            "answers": find_standing(said),
            "machine_emotion": task.machine_emotion,
            "own_emotion": own,
            "may_accept_rest": may_accept_rest(connection, session.rater_id),
            "must_reconcile": bool(task.machine_emotion) and task.machine_emotion != own,
        }


def require_judged(database: ReviewDatabase, session: Session, task_id: str) -> str:
    """Return the image of a task whose blind judgement is stored.

    Raises:
        Refused: the rater has no such task, or has not judged it yet.
    """
    with database.reading() as connection:
        task = _require_task(connection, session, task_id)
    if task.state not in _AFTER_JUDGING:
        raise _not_judged()
    return task.image_id


def record(
    database: ReviewDatabase, session: Session, task_id: str, events: Sequence[Event]
) -> dict[str, int]:
    """Store a batch of events, all or none; return event_id -> number.

    Raises:
        Refused: an event does not fit the task, a draft was replaced since it was shown, or drafts
            are accepted unseen.
    """
    with database.writing() as connection:
        task = _require_task(connection, session, task_id)
        shown = _name_reveal(task_id, session)
        stored = event_log.find_stored(connection, [shown, *(event.event_id for event in events)])
        were_shown = stored.pop(shown, None) is not None
        new = [event for event in events if event.event_id not in stored]
        drafts = {draft["field"]: draft for draft in find_drafts(connection, task)}
        if task.state in _AFTER_JUDGING:  # what is said before is refused below
            require_looked_at(connection, session.rater_id, new, were_shown=were_shown)
        for event in new:
            base = _check(connection, session, task, event, drafts)
            stored[event.event_id] = store(
                connection,
                session,
                event.kind,
                task_id,
                task.image_id,
                event.event_id,
                field=event.field,
                value=event_log.canonical(event.model_dump(mode="json")["value"]),
                base_value=base,
                client_ms=event.client_ms,
                duration_ms=event.duration_ms,
            )
        renew(connection, task_id, session.rater_id, now_ms())
        return stored


def submit(database: ReviewDatabase, session: Session, task_id: str, event_id: str) -> int:
    """End a task, in which every field has its answer.

    Raises:
        Refused: a field is still open; the reply lists them.
    """
    with database.writing() as connection:
        task = _require_task(connection, session, task_id)
        stored = event_log.find_stored(connection, [event_id])
        if stored:
            return stored[event_id]
        if task.state not in _AFTER_JUDGING:
            raise Refused(422, "blind_not_committed", "your own judgement is missing", "give it")
        said = find_said(connection, session.rater_id, task_id)
        answers = find_standing(said)
        asked = {draft["field"] for draft in find_drafts(connection, task)}
        if task.machine_emotion:
            own = _judgement(said).get("emotion", "")
            asked |= {"emotion"} if own != task.machine_emotion else set()
        open_fields = sorted(asked - set(answers))
        if open_fields:
            raise Refused(
                422,
                "fields_missing",
                f"without an answer: {', '.join(open_fields)}",
                "accept, edit or refuse each of them",
                fields=open_fields,
            )
        return store(
            connection,
            session,
            "submit",
            task_id,
            task.image_id,
            event_id,
        )


def skip(
    database: ReviewDatabase, session: Session, task_id: str, event_id: str, reason: str | None
) -> int:
    """Leave a task for good; it costs the person nothing. Return the event's number.

    Raises:
        Refused: the reason is none of those that are offered.
    """
    if reason not in SKIP_REASONS:
        offered = ", ".join(SKIP_REASONS)
        raise Refused(422, "reason_missing", "a skip has a reason", f"one of {offered}")
    return _leave(database, session, task_id, event_id, "skip", event_log.canonical(reason))


def release(database: ReviewDatabase, session: Session, task_id: str, event_id: str) -> int:
    """Give a task back to others. Return the event's number."""
    return _leave(database, session, task_id, event_id, "release", None)


def _leave(
    database: ReviewDatabase,
    session: Session,
    task_id: str,
    event_id: str,
    kind: str,
    value: str | None,
) -> int:
    with database.writing() as connection:
        task = _require_task(connection, session, task_id)
        stored = event_log.find_stored(connection, [event_id])
        if stored:
            return stored[event_id]
        return store(
            connection,
            session,
            kind,
            task_id,
            task.image_id,
            event_id,
            value=value,
        )


def heartbeat(database: ReviewDatabase, session: Session, task_id: str) -> None:
    """Keep the lease of a task that is being worked on."""
    with database.writing() as connection:
        _require_task(connection, session, task_id)
        renew(connection, task_id, session.rater_id, now_ms())


def _not_judged() -> Refused:
    return Refused(
        403,
        "blind_not_committed",
        "the drafts stay hidden until your own judgement is stored",
        "commit the emotion, valence and arousal first",
    )


def _name_reveal(task_id: str, session: Session) -> str:
    return f"reveal-{task_id}-{session.rater_id}"


def _require_task(connection: sa.Connection, session: Session, task_id: str) -> Task:
    mine = {"of_task": task_id, "of_rater": session.rater_id}
    mine["of_reveal"] = _name_reveal(task_id, session)
    row = connection.execute(_FIND_TASK, mine).first()
    if row is None:
        raise Refused(404, "no_such_task", "you were not given this task", "ask for the next one")
    return Task(
        task_id,
        row.image_id,
        tuple(row.fields.split() if row.shown is None else json.loads(row.shown)),
        row.machine_emotion,
        row.probe_field,
        row.probe_value,
        row.slot,
    )


def _check(
    connection: sa.Connection,
    session: Session,
    task: Task,
    event: Event,
    drafts: dict[str, dict[str, Any]],
) -> str | None:
    """Return the draft that an event of a field answers, as JSON.

    Raises:
        Refused: see `record`.
    """
    if event.kind == "flag":
        return None
    if task.state not in _AFTER_JUDGING:
        raise Refused(
            403, "blind_not_committed", "your own judgement comes first", "commit it, then go on"
        )
    if event.kind == "undo":
        _check_undo(connection, session, task, event)
        return None
    if event.field is None:
        return None
    draft = drafts.get(event.field)
    if draft is None:
        raise Refused(
            422, "no_such_field", f"{event.field} is not asked here", "leave the field out"
        )
    if event.draft_version not in (None, draft["version"]):
        raise Refused(
            409,
            "stale_proposal",
            f"the draft of {event.field} has changed since it was shown",
            "look at the new draft and answer again",
            draft=draft,
        )
    if event.field == BOX_FIELD and event.kind == "field_edit":
        _check_boxes(connection, task, event.value)
    if event.field == REASON_FIELD and event.kind == "field_edit":
        _check_marks(connection, session, task, event.value, drafts)
    return event_log.canonical(draft["value"])


def _check_boxes(connection: sa.Connection, task: Task, boxes: Sequence[dict[str, int]]) -> None:
    """Refuse boxes that leave the image: no record may hold them."""
    image = connection.execute(_FIND_SIZE, {"of_image": task.image_id}).first()
    if image is None:  # it has left the data root while it was judged
        return
    if any(box["x2_px"] > image.width_px or box["y2_px"] > image.height_px for box in boxes):
        raise Refused(
            422,
            "outside_image",
            f"a box leaves the image of {image.width_px} x {image.height_px} px",
            "draw it inside the image",
        )


def _check_marks(
    connection: sa.Connection,
    session: Session,
    task: Task,
    reason: str,
    drafts: dict[str, dict[str, Any]],
) -> None:
    """Refuse a reason that names a box which the person does not see."""
    own = find_standing(find_said(connection, session.rater_id, task.task_id)).get(BOX_FIELD)
    boxes = drafts.get(BOX_FIELD, {}).get("value") or []
    if own is not None and own["kind"] != "field_accept":
        boxes = own["value"] if own["kind"] == "field_edit" else []
    unknown = find_unknown(reason, len(boxes))
    if unknown:
        raise Refused(
            422,
            "no_such_region",
            f"the reason names box {unknown[0]}, and the image has {len(boxes)}",
            f"name one of the boxes 1 to {len(boxes)}" if boxes else "leave the number out",
        )


def _check_undo(connection: sa.Connection, session: Session, task: Task, event: Event) -> None:
    undone = connection.execute(_FIND_EVENT, {"of_event": event.value}).first()
    if undone is None or (undone.task_id, undone.rater_id) != (task.task_id, session.rater_id):
        raise Refused(404, "no_such_event", "there is nothing to undo", "reload the page")
    if not undone.kind.startswith("field_") and undone.kind != "reconcile":
        raise Refused(
            409,
            "cannot_be_undone",
            "what was felt before the drafts were shown is final",
            "say in `both plausible` or `change` what you think now",
        )


def _judgement(said: Sequence[Any]) -> dict[str, Any]:
    """Return what the person felt before the drafts were shown."""
    commits = (json.loads(event.value) for event in said if event.kind == "blind_commit")
    return next(commits, {})
