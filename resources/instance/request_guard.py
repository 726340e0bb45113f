"""Protects Dagster's pages, which have no login, from the other pages in a person's browser.

Dagster's server takes any Host and Origin, and executes a mutation sent by GET: a page that a
person visits could start runs with an image tag. This ASGI layer lies before the server's app.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# With any port, because a tunnel may begin at another one.
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
_GRAPHQL = "/graphql"


class RequestGuard:
    """Passes on requests to this machine's own name, from the server's own pages or no page."""

    def __init__(self, app: App) -> None:
        """Protect `app`."""
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer 403 with the reason where the request may come from another site."""
        fault = find_fault(scope) if scope["type"] in {"http", "websocket"} else None
        if fault is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": fault})
        else:
            text = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": text})
            await send({"type": "http.response.body", "body": f"{fault}\n".encode()})


def find_fault(scope: Message) -> str | None:
    """Return why a request is refused, or None.

    The Host must be a name of this machine, so that no other name can lead here (DNS rebinding).
    The Origin, which browsers send with all that may change something, must be the server's own.
    A GET has no Origin, so it may not carry a GraphQL operation.
    """
    hosts = _values(scope, b"host")
    if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0]):
        return "The Host of a request must be localhost or 127.0.0.1."
    if any(origin != f"http://{hosts[0]}" for origin in _values(scope, b"origin")):
        return "Pages of another origin may not use this server."
    is_post = scope.get("method", "POST") == "POST"
    if not is_post and scope["path"].rstrip("/").endswith(_GRAPHQL) and scope["query_string"]:
        return "GraphQL is taken by POST only."
    return None


def _values(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]
