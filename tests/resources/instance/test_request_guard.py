"""The layer before Dagster's server: what other sites can send is refused, the rest passes."""

import asyncio
from typing import Any

import pytest

from resources.instance.request_guard import RequestGuard

OURS = "http://localhost:3000"
MUTATION = b"query=mutation{launchRun}"


def send_request(kind: str = "http", **changes: Any) -> int | str:
    """The status of a request, or "passed" where it reaches the server behind the guard."""
    headers = {"host": "localhost:3000"} | changes.pop("headers", {})
    scope = {
        "type": kind,
        "path": "/graphql",
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items() if v is not None],
    } | ({"method": "POST"} if kind == "http" else {})
    answers: list[Any] = []

    async def app(*_: Any) -> None:
        answers.append("passed")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        answers.append(message.get("status", message["type"]))

    asyncio.run(RequestGuard(app)(scope | changes, receive, send))
    return answers[0]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:3000", "127.0.0.1:3000", "[::1]:3000", "LOCALHOST:8000"]
)
def test_the_names_of_this_machine_pass(host: str) -> None:
    assert send_request(headers={"host": host}) == "passed"
    assert send_request(headers={"host": host, "origin": f"http://{host}"}) == "passed"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:3000", "localhost.evil.example", "", None, "127.0.0.1.example"],
)
def test_any_other_host_is_refused(host: str | None) -> None:
    assert send_request(headers={"host": host}) == 403
    assert send_request(headers={"host": host}, method="GET", path="/runs") == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:8888", "https://localhost:3000", ""],
)
def test_pages_of_another_origin_are_refused(origin: str) -> None:
    assert send_request(headers={"origin": origin}) == 403
    assert send_request("websocket", headers={"origin": origin}) == "websocket.close"


def test_a_graphql_operation_by_get_is_refused() -> None:
    for path in ("/graphql", "/graphql/"):
        for method in ("GET", "HEAD"):
            assert send_request(method=method, path=path, query_string=MUTATION) == 403
    assert send_request(method="GET") == "passed"  # the page of GraphiQL
    assert send_request(method="GET", path="/runs", query_string=b"q=status:STARTED") == "passed"


def test_the_pages_themselves_pass() -> None:
    assert send_request(headers={"origin": OURS}) == "passed"
    assert send_request("websocket", headers={"origin": OURS}) == "passed"
    assert send_request("lifespan", path="", headers={}) == "passed"
