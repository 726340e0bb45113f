"""The images endpoint as servers speak it: addresses, missing counts, pages, errors; batches."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.ledger.accounts import add_up
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.generator import ROLE, STAGE
from eemo_pipeline.stages.expansion.model_generator import ModelGenerator, keep_image
from eemo_pipeline.vlm.batch.collection import collect
from eemo_pipeline.vlm.batch.interface import look_at_open
from eemo_pipeline.vlm.batch.submission import BatchPolicy, submit
from eemo_pipeline.vlm.contract import ImageRequest, Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import CredentialProblem, PictureRefused, RateLimited, Transient
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import LocalServer, local_server
from resources.providers.image_models import ImageModel
from resources.providers.openai_batches import OpenAiImageBatches
from tests.support.images import paint_jpeg

REQUEST = ImageRequest("", "a calm lake", (), "image", {}, seed=5, size=(512, 256))
IMAGE = paint_jpeg(1)
ENCODED = base64.b64encode(IMAGE).decode()


@dataclass
class Endpoint:
    """A server that answers every POST alike, and GET with an image.

    Attributes:
        status: of the answer.
        body: of the answer, as bytes.
        asked: the JSON of the requests.
        keys: the Authorization header of each request.
    """

    url: str = ""
    status: int = 200
    body: bytes = b""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.keys.append(self.headers["Authorization"])
            found.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(found.status, found.body)

        def do_GET(self) -> None:
            found.keys.append(self.headers["Authorization"])
            self._send(200, IMAGE)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def send(endpoint: Endpoint, body: object, *, name: str = "m", **settings: bool) -> VlmReply:
    endpoint.body = body if isinstance(body, bytes) else json.dumps(body).encode()
    model = ImageModel(name, "compatible", f"{endpoint.url}/v1", key="secret-key", **settings)

    async def ask() -> VlmReply:
        try:
            return await model.send(REQUEST)
        finally:
            await model.close()

    return asyncio.run(ask())


def test_the_request_is_what_each_kind_of_model_takes(endpoint: Endpoint) -> None:
    reply = {"data": [{"b64_json": ENCODED}]}
    for name in ("seedream-4", "gpt-image-1", "dall-e-3"):
        send(endpoint, reply, name=name)
    seedream, gpt, dalle = endpoint.asked
    assert seedream["size"] == "512x256"
    assert (seedream["seed"], seedream["response_format"]) == (5, "b64_json")
    assert not {"seed", "response_format"} & set(gpt)
    assert "seed" not in dalle
    assert dalle["response_format"] == "b64_json"
    assert endpoint.keys == ["Bearer secret-key"] * 3


def test_an_address_is_fetched_at_once_and_without_the_key(endpoint: Endpoint) -> None:
    reply = send(endpoint, {"data": [{"url": f"{endpoint.url}/made.jpg"}]})
    assert base64.b64decode(reply.text) == IMAGE
    assert endpoint.keys == ["Bearer secret-key", None]


@pytest.mark.parametrize(
    ("usage", "is_by_image", "expected"),
    [
        ({"input_tokens": 9, "output_tokens": 100}, False, Usage(9, 100, 0, 1)),
        (None, False, None),
        ({"input_tokens": 9, "output_tokens": -4}, False, None),
        ({"input_tokens": "many", "output_tokens": 4}, False, None),
        (None, True, Usage(0, 0, 0, 1)),
        ({"generated_images": 1, "output_tokens": 4096}, True, Usage(0, 4096, 0, 1)),
    ],
)
def test_what_is_billed(
    endpoint: Endpoint, usage: object, *, is_by_image: bool, expected: Usage | None
) -> None:
    body = {"data": [{"b64_json": ENCODED}], "usage": usage}
    assert send(endpoint, body, is_billed_by_image=is_by_image).usage == expected


def test_no_image_is_a_refusal(endpoint: Endpoint) -> None:
    assert send(endpoint, {"data": []}).refusal
    assert send(endpoint, {"data": [{}]}).refusal


@pytest.mark.parametrize(
    "body",
    [b"<html><body>502 secret-key</body></html>", b"", {"data": 5}, [], {"error": "overloaded"}],
)
def test_a_page_instead_of_json_is_a_fault_of_the_server(endpoint: Endpoint, body: object) -> None:
    with pytest.raises(Transient) as caught:
        send(endpoint, body)
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "content_policy_violation", PictureRefused),
        (401, "invalid_api_key", CredentialProblem),
        (429, "rate_limit_exceeded", RateLimited),
        (500, "server_error", Transient),
    ],
)
def test_errors_have_their_remedy(
    endpoint: Endpoint, status: int, code: str, kind: type[Exception]
) -> None:
    endpoint.status = status
    with pytest.raises(kind):
        send(endpoint, {"error": {"message": "no", "code": code}})


def test_a_text_request_is_not_sent_to_an_image_model() -> None:
    text = VlmRequest("", "a lake", (), "x", {})
    with pytest.raises(TypeError, match="wants a text"):
        ImageModel("m", "compatible").bound_tokens(text)


def test_an_address_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EEMO_COMPATIBLE_BASE_URL", raising=False)
    with pytest.raises(CredentialProblem, match="EEMO_COMPATIBLE_BASE_URL"):
        asyncio.run(ImageModel("m", "compatible").send(REQUEST))


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


def test_a_batch_makes_the_same_images_at_half_the_price(
    server: LocalServer, tmp_path: Path
) -> None:
    """The answers of a batch are those of single calls: the ledger has them under one key."""
    name = ("local-painter", "local_openai", server.openai_url, server.key)
    vlm = ImageModel(name[0], name[1], name[2], key=name[3])
    ledger = Ledger(tmp_path / "ledger.sqlite")
    session = Session(ledger, Budget(), read_prices())
    generator = ModelGenerator(vlm, session, tmp_path / "generated", (128, 96))
    prompts = pl.DataFrame(
        {
            "parent_image_id": [f"{number:064x}" for number in range(5)],
            "prompt": [f"a calm lake {number}, evokes awe" for number in range(5)],
            "seed": list(range(5)),
        }
    )
    policy = BatchPolicy(tmp_path / "batches")
    questions = generator.questions(generator.asks(prompts))
    sent = submit(
        OpenAiImageBatches(*name), questions, stage=STAGE, role=ROLE, session=session, policy=policy
    )
    assert (sent.batches, sent.submitted) == (1, 5)

    def find(*_: str) -> OpenAiImageBatches:
        return OpenAiImageBatches(*name)

    deadline = time.monotonic() + 30
    while any(standing.state == "open" for *_, standing in look_at_open(ledger, find)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    readers = {ROLE: lambda text: keep_image(generator.folder, text)}
    done = collect(find, readers, ledger=ledger, prices=session.prices, folder=policy.folder)
    assert done.rows["answered"] == 5
    bill = server.account()
    (line,) = [line for line in bill["lines"] if line["is_batch"]]
    (cost,) = [line for line in add_up(ledger) if line.role == ROLE]
    assert cost.nano_usd == line["nano_usd"] == bill["nano_usd"]
    assert 5 * 6_150_000 < cost.nano_usd < 5 * 6_200_000
    # Nothing is left to ask.
    answered = generator.generate(prompts)
    assert answered.frame["status"].to_list() == ["ok"] * 5
    assert server.account() == bill
    assert all(generator.place(image_id).is_file() for image_id in answered.frame["image_id"])
    ledger.close()
