"""The review server: its application, and how it is run."""

import gc
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import OperationalError

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web.database import ReviewDatabase
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.request_guard import LOOPBACK, RequestGuard
from eemo_pipeline.web.review_service import ReviewService
from eemo_pipeline.web.routes import (
    account,
    adjudication,
    admin,
    gallery,
    images,
    pages,
    quality,
    tasks,
)

_KEEP_ALIVE_S = 75  # a person looks at an image for longer than the 5 seconds of uvicorn


def run_server(
    database: ReviewDatabase, root: DataRoot, host: str, port: int, names: Sequence[str] = ()
) -> None:
    """Serve the review tool until the process is interrupted.

    Args:
        database: where the answers go.
        root: the data root, with the queue and the images.
        host: the address to listen on.
        port: the port.
        names: names under which browsers reach the server, besides this machine's own.
    """
    import uvicorn

    app = build_app(database, root, port)
    # What is there now stays: collections of garbage need not look at it again.
    gc.collect()
    gc.freeze()
    try:
        # No access log: it would name images, and hold nothing that the event log does not.
        uvicorn.run(
            RequestGuard(app, (*LOOPBACK, *names)),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
    except KeyboardInterrupt:
        pass
    finally:
        app.state.service.views.close()


def build_app(database: ReviewDatabase, root: DataRoot, port: int) -> FastAPI:
    """Return the application, without the guard before it."""
    app = FastAPI(title="eemo review", openapi_url="/api/openapi.json", docs_url=None)
    app.state.service = ReviewService(database, root, port)
    app.state.templates = pages.load_templates()
    static = str(files("eemo_pipeline.web") / "static")
    app.mount("/static", StaticFiles(directory=static), "static")
    for module in (pages, account, tasks, adjudication, quality, gallery, admin, images):
        app.include_router(module.router)
    app.add_exception_handler(Refused, _show_refused)
    app.add_exception_handler(RequestValidationError, _show_wrong_request)
    for status in (404, 405):
        app.add_exception_handler(status, _show_not_found)
    app.add_exception_handler(OperationalError, _show_not_stored)
    return app


def problem(status: int, code: str, detail: str, fix: str, **more: Any) -> JSONResponse:
    """Return an error in the form of RFC 9457."""
    body = {"status": status, "code": code, "detail": detail, "fix": fix, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def _show_refused(_: Request, error: Any) -> JSONResponse:
    return problem(error.status, error.code, error.detail, error.fix, **error.more)


def _show_wrong_request(_: Request, error: Any) -> JSONResponse:
    said = "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}"
        for fault in error.errors()
    )
    return problem(422, "wrong_request", said, "reload the page")


def _show_not_found(_: Request, error: Any) -> JSONResponse:
    return problem(error.status_code, "not_found", str(error.detail), "go back to /")


def _show_not_stored(_: Request, error: Any) -> JSONResponse:
    """The page keeps what it could not store, and tries again."""
    return problem(507, "not_stored", str(error.orig), "free some space; nothing is lost")
