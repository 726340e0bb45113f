"""The page of quality: how far people agree, and how each person works."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from eemo_pipeline.web import quality, quality_charts, quality_words
from eemo_pipeline.web.access import MaybePerson, Service
from eemo_pipeline.web.routes.pages import render

router = APIRouter(default_response_class=HTMLResponse)


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
