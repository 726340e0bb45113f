"""The HTTP application (aiohttp): paths of both protocols, keys, ids and broken connections."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

from aiohttp import web

from resources.local_server import gemini_wire, openai_wire
from resources.local_server.asked import Dialect, Problem
from resources.local_server.dialects import DIALECTS
from resources.local_server.faults import BadScript, read_script
from resources.local_server.gemini_jobs import GeminiJobs, add_gemini_jobs
from resources.local_server.gemini_wire import GENERATE
from resources.local_server.jobs import Desk
from resources.local_server.openai_images import IMAGES
from resources.local_server.openai_jobs import OpenAiJobs, add_openai_jobs
from resources.local_server.openai_wire import CHAT, RESPONSES
from resources.local_server.prices import models_of
from resources.local_server.service import Broken, Served, Service

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OPENAI_PREFIX = "/openai/v1"
GEMINI_PREFIX = "/gemini"
_LARGEST_BODY = 512 * 1024 * 1024
_SAVED_EVERY_S = 0.2
_ids = count(1)


def build_app(service: Service, chat: Dialect = CHAT) -> web.Application:
    """Return the application; it saves the account while it runs and when it stops.

    `chat` is the dialect of chat completions.
    """
    app = web.Application(client_max_size=_LARGEST_BODY)
    app.router.add_get("/account", _account(service))
    app.router.add_put("/script", guarded(service, CHAT, _script(service)))
    add_openai(app, service, chat)
    add_gemini(app, service)
    if chat is DIALECTS["lmstudio"]:
        app.router.add_route("*", "/{path:.*}", _answer_any_path)
    app.cleanup_ctx.append(_keep_account(service))
    return app


def add_openai(app: web.Application, service: Service, chat: Dialect) -> None:
    """Add chat completions, responses, images, models, files and batches."""
    for path, dialect in (
        ("/chat/completions", chat),
        ("/responses", RESPONSES),
        ("/images/generations", IMAGES),
    ):
        app.router.add_post(f"{OPENAI_PREFIX}{path}", ask(service, dialect))
    app.router.add_get(f"{OPENAI_PREFIX}/models", guarded(service, CHAT, _openai_models))
    jobs = OpenAiJobs(Desk(service))
    add_openai_jobs(app.router, OPENAI_PREFIX, jobs, _clerk(service, CHAT))


def add_gemini(app: web.Application, service: Service) -> None:
    """Add generateContent, models, files and batches, in every version of the API."""
    models = f"{GEMINI_PREFIX}/{{version:v1(?:beta|alpha)?}}/models"
    app.router.add_post(f"{models}/{{model}}:generateContent", ask(service, GENERATE))
    app.router.add_get(models, guarded(service, GENERATE, _gemini_models))
    jobs = GeminiJobs(Desk(service))
    add_gemini_jobs(app.router, GEMINI_PREFIX, jobs, _clerk(service, GENERATE))


def key_of(request: web.Request) -> str | None:
    """Return the key as sent by either protocol."""
    bearer = request.headers.get("Authorization", "")
    return (
        bearer.removeprefix("Bearer ").strip()
        or request.headers.get("x-goog-api-key")
        or request.query.get("key")
    )


def guarded(
    service: Service, dialect: Dialect, handler: Handler, *, needs_key: bool = True
) -> Handler:
    """Wrap a handler: check the key, and write problems in the protocol's own form."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            if needs_key and dialect.needs_key:
                service.check_key(key_of(request))
            return await handler(request)
        except Problem as problem:
            return as_response(Served(*dialect.write_problem(problem)))

    return handle


def ask(service: Service, dialect: Dialect) -> Handler:
    """Return a handler that asks a model."""

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        asked = service.read(dialect, raw, request.match_info.get("model"))

        def is_gone() -> bool:
            return request.transport is None or request.transport.is_closing()

        try:
            return as_response(await service.serve(dialect, asked, is_gone))
        except Broken:
            return cut_connection(request)

    return guarded(service, dialect, handle)


def _clerk(service: Service, dialect: Dialect) -> Callable[..., Handler]:
    """Return a wrapper for handlers of files and batches: key check, and faults for their endpoint.

    An error replaces the work. A broken connection follows the work, so that the client cannot know
    that it was done.
    """

    def wrap(endpoint: str, handler: Handler, *, needs_key: bool = True) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            rule = await service.meet(endpoint)
            response = await handler(request)
            if rule is None:
                return response
            if rule.fault == "hang":
                await asyncio.sleep(rule.seconds)
            return cut_connection(request)

        return guarded(service, dialect, handle, needs_key=needs_key)

    return wrap


def as_response(served: Served) -> web.Response:
    """Return the answer as JSON, with an id of its own."""
    return web.Response(
        body=json.dumps(served.body, ensure_ascii=False).encode("utf-8", "surrogatepass"),
        status=served.status,
        headers={**served.headers, "x-request-id": f"req_{next(_ids):012x}"},
        content_type="application/json",
    )


def cut_connection(request: web.Request) -> web.Response:
    """Reset the connection: the client receives neither a status nor an end."""
    if request.transport is not None:
        if (sock := request.transport.get_extra_info("socket")) is not None:
            # A linger time of zero makes the kernel send RST instead of FIN.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


def _account(service: Service) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.json_response(service.account.report())

    return handle


def _script(service: Service) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            script = read_script(await request.text())
        except BadScript as problem:
            raise Problem("bad_request", str(problem)) from None
        service.follow(script)
        return web.json_response({})

    return handle


async def _answer_any_path(request: web.Request) -> web.StreamResponse:
    """Answer an unknown path with status 200, as LM Studio does."""
    said = f"Unexpected endpoint or method. ({request.method} {request.path})"
    return web.json_response({"error": said})


async def _openai_models(_: web.Request) -> web.StreamResponse:
    models = [
        {"id": name, "object": "model", "created": openai_wire.CREATED, "owned_by": "local"}
        for name in models_of(openai_wire.PROVIDER)
    ]
    return web.json_response({"object": "list", "data": models})


async def _gemini_models(_: web.Request) -> web.StreamResponse:
    models = [
        {"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]}
        for name in models_of(gemini_wire.PROVIDER)
    ]
    return web.json_response({"models": models})


def _keep_account(service: Service) -> Callable[[web.Application], AsyncIterator[None]]:
    async def keep(_: web.Application) -> AsyncIterator[None]:
        async def save() -> None:
            while True:
                await asyncio.sleep(_SAVED_EVERY_S)
                service.account.save()

        saver = asyncio.create_task(save())
        yield
        saver.cancel()
        service.account.save()

    return keep
