"""The pages: plain HTML made on the server; every value is escaped by the template engine."""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from eemo_pipeline.web import fields, keymap, progress
from eemo_pipeline.web.access import MaybePerson, Service
from eemo_pipeline.web.slots import MEASURING

router = APIRouter(default_response_class=HTMLResponse)


def render(request: Request, name: str, session: MaybePerson, **more: Any) -> Response:
    """Return a page for the person, or send them to the login."""
    if session is None:
        return RedirectResponse("/login", 303)
    templates: Jinja2Templates = request.app.state.templates
    context = {"session": session, "fields": fields, **more}
    return templates.TemplateResponse(request, name, context)


def load_templates() -> Jinja2Templates:
    """Return the page templates of this package."""
    templates = Jinja2Templates(str(files("eemo_pipeline.web") / "templates"))
    templates.env.globals |= {"moment": _moment, "keymap": keymap}
    return templates


def _moment(recorded_ms: int) -> str:
    return datetime.fromtimestamp(recorded_ms / 1000, UTC).isoformat(" ", "seconds")[:19]


@router.get("/")
def home(request: Request, session: MaybePerson, service: Service) -> Response:
    """The first page: information and consent, then one's own progress."""
    service.refresh()
    if session is None:
        return render(request, "home.html", None)
    # A queue's name would tell an annotator why they see an image.
    queues = progress.list_queues(service.database) if session.may("reviewer") else []
    queues = [one for one in queues if one["queue"] not in MEASURING or session.may("admin")]
    return render(
        request,
        "home.html",
        session,
        progress=progress.summarise(service.database, session),
        queues=queues,
        guidelines=service.guidelines,
    )


@router.get("/label")
def label(request: Request, session: MaybePerson, service: Service) -> Response:
    """The page on which images are judged; it holds no image yet."""
    if session is None:
        return render(request, "label.html", None)
    emotions = fields.order_emotions(session.emotion_turn)
    return render(request, "label.html", session, emotions=emotions, guidelines=service.guidelines)


@router.get("/keys")
def keys(request: Request, session: MaybePerson, service: Service) -> Response:
    """The keys of a person, to look at and to choose."""
    if session is None:
        return render(request, "keys.html", None)
    chosen = keymap.find_keys(service.database, session)
    emotions = fields.order_emotions(session.emotion_turn)
    return render(request, "keys.html", session, chosen=chosen, emotions=emotions)


@router.get("/guide")
def guide(request: Request, session: MaybePerson, service: Service) -> Response:
    """What the words and scales mean."""
    return render(request, "guide.html", session, guidelines=service.guidelines)


@router.get("/login")
def login(request: Request) -> Response:
    """The page that uses up a login link."""
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, "login.html", {})


@router.get("/healthz")
def health() -> Response:
    """Answer without a login, for what watches the server."""
    return Response('{"ok": true}', media_type="application/json")
