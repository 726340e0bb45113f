"""Routes of those who look at what people gave: the numbers of quality, and the gallery."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from eemo_pipeline.web import gallery, quality, quality_charts, quality_words
from eemo_pipeline.web.access import MaybePerson, Service, require_role
from eemo_pipeline.web.routes.pages import render

router = APIRouter(default_response_class=HTMLResponse)
Word = Annotated[str, Query(max_length=80)]


@router.get("/quality")
def show_quality(request: Request, session: MaybePerson, service: Service) -> Response:
    """Agreement, offsets, care and time; people see their own row, administrators all."""
    if session is None:
        return render(request, "quality.html", None)
    measured = service.measure()
    sees_all = session.may("admin")
    raters = [one for one in measured.raters if sees_all or one.rater_id == session.rater_id]
    return render(
        request,
        "quality.html",
        session,
        measured=measured,
        raters=raters,
        sees_all=sees_all,
        charts=quality_charts.draw_charts(measured),
        confusion=quality_charts.draw_confusion(measured) if sees_all and measured.images else "",
        words=quality_words,
        fewest=quality.FEWEST,
    )


@router.get("/gallery")
def show_gallery(
    request: Request,
    session: MaybePerson,
    service: Service,
    emotion: Word = "",
    machine: Word = "",
    state: Word = "",
    source: Word = "",
    after: Word = "",
) -> Response:
    """Images with their votes; the filters are the address, which can be shared."""
    if session is None:
        return render(request, "gallery.html", None)
    require_role(session, "reviewer")
    wanted = gallery.Wanted(emotion, machine, state, source, after)
    images, more = gallery.list_images(service.database, session, wanted)
    return render(
        request,
        "gallery.html",
        session,
        images=images,
        more=more,
        wanted=wanted,
        felt=quality.FELT,
        states=gallery.STATES,
        sources=gallery.list_sources(service.database),
    )
