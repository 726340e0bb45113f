"""Routes of the work itself: the next image, the blind judgement, the drafts, the end."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eemo_pipeline.web import assignment, fields, judging, masks, vocabulary
from eemo_pipeline.web.access import Annotator, Person, Service, require_role
from eemo_pipeline.web.people import now_ms
from eemo_pipeline.web.problems import Refused

router = APIRouter(prefix="/api")
_MAX_EVENTS = 100
EventId = Annotated[str, Field(pattern=r"^[0-9a-f-]{16,36}$")]


class Next(BaseModel):
    """Tasks that the page has already."""

    model_config = ConfigDict(extra="forbid")
    have: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=10)] = []


class Commit(BaseModel):
    """The blind judgement with its circumstances."""

    model_config = ConfigDict(extra="forbid")
    event_id: EventId
    judgement: fields.BlindJudgement
    client_ms: Annotated[int, Field(ge=0, le=2**53)] | None = None
    duration_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None
    gap_ms: Annotated[int, Field(ge=0, le=10_000)] | None = None
    rating_input: Literal["scales", "grid"] | None = None


class Ending(BaseModel):
    """The end of a task."""

    model_config = ConfigDict(extra="forbid")
    event_id: EventId
    reason: Annotated[str, Field(max_length=40)] | None = None


@router.post("/next")
def find_next(session: Annotator, service: Service, body: Next) -> dict[str, Any]:
    """Return the next image. What a machine said of it, its queue and its name are not sent."""
    service.refresh()
    if session.guide_version != service.guidelines.version:
        raise Refused(403, "guide_changed", "the guidelines have changed", "read them on /")
    if service.sittings.is_break_due(session.rater_id, now_ms()):
        return {"reason": "break", "detail": "Time for a break. Take as long as you like."}
    found = assignment.claim(service.database, session, body.have)
    if isinstance(found, assignment.NothingLeft):
        return {"reason": found.reason, "detail": found.detail}
    if found.is_new and found.is_hard:
        service.sittings.note_negative(session.rater_id)
    return {
        "task_id": found.task_id,
        "image": {
            "url": f"/img/{found.image_id}",
            "width_px": found.width_px,
            "height_px": found.height_px,
        },
        "is_committed": found.state != "leased",
        "position": found.position,
    }


@router.get("/vocabulary")
def list_words(session: Person, service: Service) -> dict[str, list[str]]:
    """Return the words that short fields use across images."""
    require_role(session, "annotator")
    return vocabulary.find_words(service.database)


@router.post("/me/break")
def end_break(session: Annotator, service: Service) -> dict[str, bool]:
    """Go on after a break."""
    service.sittings.end(session.rater_id)
    return {"ok": True}


@router.post("/tasks/{task_id}/commit")
def commit(task_id: str, session: Annotator, service: Service, body: Commit) -> dict[str, Any]:
    """Store the blind judgement."""
    seq = judging.commit(
        service.database,
        session,
        task_id,
        body.event_id,
        body.judgement,
        client_ms=body.client_ms,
        duration_ms=body.duration_ms,
        gap_ms=body.gap_ms,
        rating_input=body.rating_input,
    )
    return {"acked": [body.event_id], "seq": seq}


@router.post("/tasks/{task_id}/reveal")
def reveal(task_id: str, session: Annotator, service: Service) -> dict[str, Any]:
    """Return the drafts, once the blind judgement is stored."""
    return judging.reveal(service.database, session, task_id)


@router.get("/tasks/{task_id}/masks")
def show_masks(task_id: str, session: Person, service: Service) -> list[dict[str, Any]]:
    """Return the masks of the drafted boxes, once the blind judgement is stored."""
    require_role(session, "annotator")
    image_id = judging.require_judged(service.database, session, task_id)
    return masks.find_masks(service.root, [image_id])[image_id]


@router.post("/tasks/{task_id}/events")
def record(
    task_id: str,
    session: Annotator,
    service: Service,
    body: Annotated[list[dict[str, Any]], Body(max_length=_MAX_EVENTS)],
) -> dict[str, Any]:
    """Store what was said of the drafts, all of it or nothing."""
    try:
        said = [fields.Event.model_validate(event) for event in body]
    except ValidationError as error:
        words = fields.explain_error(error)
        raise Refused(422, "wrong_event", words, "correct the field") from None
    stored = judging.record(service.database, session, task_id, said)
    return {"acked": list(stored), "seq": max(stored.values(), default=0)}


@router.post("/tasks/{task_id}/submit")
def submit(task_id: str, session: Annotator, service: Service, body: Ending) -> dict[str, Any]:
    """End the task; every field has its answer."""
    seq = judging.submit(service.database, session, task_id, body.event_id)
    return {"acked": [body.event_id], "seq": seq}


@router.post("/tasks/{task_id}/skip")
def skip(task_id: str, session: Annotator, service: Service, body: Ending) -> dict[str, Any]:
    """Leave the task for good, with a reason."""
    seq = judging.skip(service.database, session, task_id, body.event_id, body.reason)
    return {"acked": [body.event_id], "seq": seq}


@router.post("/tasks/{task_id}/release")
def release(task_id: str, session: Annotator, service: Service, body: Ending) -> dict[str, Any]:
    """Give the task back to others."""
    seq = judging.release(service.database, session, task_id, body.event_id)
    return {"acked": [body.event_id], "seq": seq}


@router.post("/tasks/{task_id}/heartbeat")
def heartbeat(task_id: str, session: Annotator, service: Service) -> dict[str, bool]:
    """Keep the lease while the person is at work."""
    judging.heartbeat(service.database, session, task_id)
    return {"ok": True}
