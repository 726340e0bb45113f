"""Routes of administrators: people, tasks that wait, the log."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from eemo_pipeline.web import administration, event_log, people, progress
from eemo_pipeline.web.access import Acting, MaybePerson, Service, require_role
from eemo_pipeline.web.people import Session
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.routes.pages import render
from eemo_pipeline.web.routes.tasks import EventId

router = APIRouter()
Name = Annotated[str, Field(min_length=1, max_length=80)]


class Named(BaseModel):
    """A person, by name."""

    model_config = ConfigDict(extra="forbid")
    name: Name


class NewPerson(Named):
    """A person to add."""

    role: Annotated[str, Field(pattern=f"^({'|'.join(people.ROLES)})$")]


class Again(BaseModel):
    """A task for one more person."""

    model_config = ConfigDict(extra="forbid")
    event_id: EventId


def require_admin(session: Acting) -> Session:
    """Return the session of an administrator.

    Raises:
        Refused: the role does not allow it.
    """
    return require_role(session, "admin")


Admin = Annotated[Session, Depends(require_admin)]


@router.get("/admin", response_class=HTMLResponse)
def page(request: Request, session: MaybePerson, service: Service) -> Response:
    """People, queues, tasks that wait, and the end of the log."""
    if session is None:
        return render(request, "admin.html", None)
    require_role(session, "admin")
    return render(
        request,
        "admin.html",
        session,
        raters=people.list_raters(service.database),
        roles=people.ROLES,
        progress=progress.count(service.database),
        waiting=administration.list_waiting(service.database),
        events=administration.list_events(service.database),
        guide_changes=administration.list_guide_changes(service.database),
    )


@router.post("/api/admin/people", dependencies=[Depends(require_admin)])
def add(service: Service, body: NewPerson) -> dict[str, str]:
    """Add a person; return the part of the login link after the address."""
    try:
        return {"login": f"/login#{people.add_rater(service.database, body.name, body.role)}"}
    except people.PersonProblem as error:
        raise Refused(422, "no_person", str(error), "choose another name") from None


@router.post("/api/admin/people/link", dependencies=[Depends(require_admin)])
def renew(service: Service, body: Named) -> dict[str, str]:
    """Make a new login link for a person, and end their sessions."""
    try:
        return {"login": f"/login#{people.renew_link(service.database, body.name)}"}
    except people.PersonProblem as error:
        raise Refused(404, "no_person", str(error), "reload the page") from None


@router.post("/api/admin/people/remove")
def remove(session: Admin, service: Service, body: Named) -> dict[str, bool]:
    """Take a person's access; what they said stays."""
    if body.name == session.name:
        raise Refused(409, "yourself", "you would lock yourself out", "ask another administrator")
    try:
        people.deactivate(service.database, body.name)
    except people.PersonProblem as error:
        raise Refused(404, "no_person", str(error), "reload the page") from None
    return {"ok": True}


@router.post("/api/admin/tasks/{task_id}/again")
def ask_again(task_id: str, session: Admin, service: Service, body: Again) -> dict[str, Any]:
    """Open a task for one more person."""
    seq = administration.ask_again(service.database, session, task_id, body.event_id)
    return {"acked": [body.event_id], "seq": seq}


@router.post("/api/admin/verify", dependencies=[Depends(require_admin)])
def verify(service: Service) -> dict[str, Any]:
    """Recompute the chain of the log."""
    with service.database.reading() as connection:
        broken = event_log.verify(connection)
        seq, last_hash = event_log.find_end(connection)
    return {"events": seq, "last_hash": last_hash, "broken": vars(broken) if broken else None}
