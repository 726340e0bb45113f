"""Routes of the gallery: its order, its images, images alike, and sending some to the queue."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from eemo_pipeline.web import administration, gallery, masks, quality, similar_images
from eemo_pipeline.web.access import Acting, MaybePerson, Person, Service, require_role
from eemo_pipeline.web.people import Session
from eemo_pipeline.web.routes.pages import render
from eemo_pipeline.web.routes.tasks import EventId

router = APIRouter()


class Sending(BaseModel):
    """Tasks for one more person each, with an id of the event of each."""

    model_config = ConfigDict(extra="forbid")
    tasks: Annotated[
        dict[EventId, gallery.Word], Field(min_length=1, max_length=gallery.MOST_SHOWN)
    ]


def require_reviewer(session: Person) -> Session:
    """Return the session of a person who may look at what others said.

    Raises:
        Refused: the role does not allow it.
    """
    return require_role(session, "reviewer")


def require_adjudicator(session: Acting) -> Session:
    """Return the session of a person who may ask others again.

    Raises:
        Refused: the role does not allow it.
    """
    return require_role(session, "adjudicator")


Reviewer = Annotated[Session, Depends(require_reviewer)]


@router.get("/gallery", response_class=HTMLResponse)
def page(
    request: Request,
    session: MaybePerson,
    service: Service,
    wanted: Annotated[gallery.Wanted, Query()],
) -> Response:
    """The page with its filters, which are its address and can be shared."""
    if session is None:
        return render(request, "gallery.html", None)
    require_role(session, "reviewer")
    codes = gallery.read_codes(service.root).values()
    return render(
        request,
        "gallery.html",
        session,
        wanted=wanted,
        felt=quality.FELT,
        states=gallery.STATES,
        groups=gallery.GROUPS,
        sources=gallery.list_sources(service.database),
        codes=sorted({code for of_image in codes for code in of_image}),
        has_similar=similar_images.has_embeddings(service.root),
    )


@router.get("/api/gallery")
def list_groups(
    session: Reviewer, service: Service, wanted: Annotated[gallery.Wanted, Query()]
) -> dict[str, Any]:
    """Return the order of all images that fit, in groups, as ids of their tasks."""
    groups = gallery.list_groups(service.database, service.root, session, wanted)
    return {"groups": [vars(group) for group in groups], "most": gallery.MOST}


@router.get("/api/gallery/images")
def show_images(
    session: Reviewer,
    service: Service,
    task: Annotated[list[gallery.Word], Query(max_length=gallery.MOST_SHOWN)],
) -> dict[str, Any]:
    """Return what is known of some images."""
    shown = gallery.show_images(service.database, service.root, session, task)
    return {"images": [vars(one) for one in shown]}


@router.get("/api/gallery/masks")
def show_masks(
    session: Reviewer,
    service: Service,
    task: Annotated[list[gallery.Word], Query(max_length=gallery.MOST_SHOWN)],
) -> dict[str, Any]:
    """Return the masks of some images that the person may see, by task."""
    images = gallery.find_images(service.database, session, task)
    found = masks.find_masks(service.root, list(images.values()))
    return {"masks": {task_id: found[image_id] for task_id, image_id in images.items()}}


@router.get("/api/gallery/similar/{image_id}")
def find_similar(image_id: str, session: Reviewer, service: Service) -> dict[str, Any]:
    """Return the tasks of images that look like one, the most alike first."""
    visible = gallery.find_visible(service.database, session)
    return {"tasks": similar_images.find_similar(service.root, image_id, visible)}


@router.post("/api/queue")
def send_to_queue(
    session: Annotated[Session, Depends(require_adjudicator)], service: Service, body: Sending
) -> dict[str, Any]:
    """Ask one more person about each of some images."""
    stored = administration.ask_again_about(service.database, session, body.tasks)
    return {"acked": list(stored), "seq": max(stored.values())}
