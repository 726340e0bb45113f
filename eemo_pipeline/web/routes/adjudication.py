"""Routes of adjudication: what people do not agree on, and what is decided."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict

from eemo_pipeline.web import adjudication, adjudication_charts, fields
from eemo_pipeline.web.access import Acting, MaybePerson, Service, require_role
from eemo_pipeline.web.people import Session
from eemo_pipeline.web.routes.pages import render
from eemo_pipeline.web.routes.tasks import EventId

router = APIRouter()


class Decision(BaseModel):
    """What an adjudicator decided."""

    model_config = ConfigDict(extra="forbid")
    event_id: EventId
    decided: fields.Adjudication


def require_adjudicator(session: Acting) -> Session:
    """Return the session of a person who may adjudicate.

    Raises:
        Refused: the role does not allow it.
    """
    return require_role(session, "adjudicator")


@router.get("/adjudicate", response_class=HTMLResponse)
def page(request: Request, session: MaybePerson, service: Service) -> Response:
    """The image on which people agree least, with all judgements."""
    disputed = []
    if session is not None:
        require_role(session, "adjudicator")
        disputed = adjudication.list_disputed(service.database, session)
    return render(
        request, "adjudicate.html", session, disputed=disputed, charts=adjudication_charts
    )


@router.post("/api/tasks/{task_id}/adjudicate")
def decide(
    task_id: str,
    session: Annotated[Session, Depends(require_adjudicator)],
    service: Service,
    body: Decision,
) -> dict[str, Any]:
    """Store the decision."""
    seq = adjudication.adjudicate(service.database, session, task_id, body.event_id, body.decided)
    return {"acked": [body.event_id], "seq": seq}
