"""The first gate of the review server: names, origins, sizes and headers, before any page.

The Host must be one that the server was started for, so that no other name can lead here (DNS
rebinding). Ports do not separate sites, so the Origin of everything that may change something is
compared whole. Every reply carries headers that let a browser run our own scripts only.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
MAX_BODY_BYTES = 256 * 1024
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; img-src 'self' blob:; script-src 'self'; style-src 'self'; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_SAFE = ("GET", "HEAD")


class RequestGuard:
    """Passes on requests that come from the server's own pages, or from no page."""

    def __init__(self, app: App, hosts: Iterable[str] = LOOPBACK) -> None:
        """Protect `app`, which is reached under `hosts`, with any port."""
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer 421, 403, 415 or 413 where a request is refused."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        fault = self._find_fault(scope)
        if fault is None:
            await self._app(scope, receive, send_with_headers)
            return
        status, code, detail = fault
        body = json.dumps({"status": status, "code": code, "detail": detail}).encode()
        await send_with_headers(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/problem+json")],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def _find_fault(self, scope: Message) -> tuple[int, str, str] | None:
        foreign = find_foreign(scope, self._hosts)
        if foreign is not None:
            return foreign
        if scope["method"] in _SAFE:
            return None
        lengths = _values(scope, b"content-length")
        if not (len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit()):
            return 411, "length_missing", "a request that changes something states its length"
        if len(lengths[0]) > 9 or int(lengths[0]) > MAX_BODY_BYTES:
            return 413, "too_large", f"a request has at most {MAX_BODY_BYTES} bytes"
        kinds = [kind.partition(";")[0].strip() for kind in _values(scope, b"content-type")]
        if kinds != ["application/json"]:
            return 415, "not_json", "a request that changes something is JSON"
        return None


def find_foreign(scope: Message, hosts: Collection[str]) -> tuple[int, str, str] | None:
    """Return status, code and detail where a request may come from another site, else None.

    Args:
        scope: the ASGI scope of a request or a WebSocket.
        hosts: the names under which the server is reached, in lower case, with any port.
    """
    named = _values(scope, b"host")
    name = named[0].lower() if len(named) == 1 else ""
    if _without_port(name) not in hosts:
        detail = "this server is not reached under that name; here it is localhost or 127.0.0.1"
        return 421, "wrong_host", detail
    scheme = "https" if scope.get("scheme") in ("https", "wss") else "http"
    origins = _values(scope, b"origin")
    if any(origin.lower() != f"{scheme}://{name}" for origin in origins):
        return 403, "foreign_origin", "pages of another origin may not use this server"
    return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isascii() and port.isdigit() and len(port) <= 5 else host


def _values(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]
