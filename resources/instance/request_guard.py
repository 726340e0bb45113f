"""Protects Dagster's pages, which have no login, from the other pages in a person's browser.

Dagster's server takes any Host and Origin, and executes a mutation sent by GET: a page that a
person visits could start runs with an image tag. This ASGI layer lies before the server's app.
"""

from eemo_pipeline.web.request_guard import LOOPBACK, App, Message, Receive, Send, find_foreign

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

    Host and Origin are those of this machine's own pages, with any port, because a tunnel may begin
    at another one. A GET has no Origin, so it may not carry a GraphQL operation.
    """
    foreign = find_foreign(scope, LOOPBACK)
    if foreign is not None:
        return foreign[2]
    is_post = scope.get("method", "POST") == "POST"
    if not is_post and scope["path"].rstrip("/").endswith(_GRAPHQL) and scope["query_string"]:
        return "GraphQL is taken by POST only."
    return None
