"""The compatible provider against the dialects of the servers that people meet."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from eemo_pipeline.stages.annotation.reply_schema import REPLY, read_annotation
from eemo_pipeline.vlm.contract import EncodedPicture, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import (
    CredentialProblem,
    PictureRefused,
    ProviderProblem,
    RateLimited,
    Rejected,
    Transient,
)
from resources.local_server import LocalServer, local_server
from resources.local_server.dialects import DIALECTS
from resources.providers import compatible_vlm
from resources.providers.compatible_vlm import CompatibleVlm
from tests.support.images import paint_jpeg

OWN = ("vllm", "ollama", "lmstudio")
SEEING = tuple(name for name in DIALECTS if name != "deepseek")


@pytest.fixture(scope="module", params=DIALECTS)
def spoken(request: pytest.FixtureRequest) -> Iterator[tuple[str, LocalServer]]:
    with local_server(dialect=request.param) as running:
        yield request.param, running


def ask(
    server: LocalServer, key: str | None = None, path: str = "/openai/v1", model: str = "local-a"
) -> VlmReply:
    picture = EncodedPicture(paint_jpeg(7), "image/jpeg", 64, 64)
    request = VlmRequest("Annotate.", "Fill in the record.", (picture,), "annotation", REPLY)
    url = f"http://127.0.0.1:{server.port}{path}"

    async def go() -> VlmReply:
        vlm = CompatibleVlm(model, "compatible", url, key)
        try:
            return await vlm.send(request)
        finally:
            await vlm.close()

    return asyncio.run(go())


def problem_of(server: LocalServer, fault: str) -> ProviderProblem:
    server.follow({"rules": [{"fault": fault}]})
    with pytest.raises(ProviderProblem) as caught:
        ask(server, server.key)
    server.follow({})
    return caught.value


def test_every_dialect_answers_and_servers_of_ones_own_need_no_key(
    spoken: tuple[str, LocalServer],
) -> None:
    name, server = spoken
    if name not in SEEING:
        with pytest.raises(Rejected, match="unknown variant `image_url`") as caught:
            ask(server, server.key)
        assert not isinstance(caught.value, PictureRefused)
        return
    reply = ask(server, None if name in OWN else server.key)
    assert read_annotation(reply.text)["emotion"]
    assert reply.usage
    assert (reply.thoughts != "") == (name in ("vllm", "ollama"))
    if name not in OWN:
        with pytest.raises(CredentialProblem):
            ask(server)


def test_every_dialect_is_understood_when_it_fails(spoken: tuple[str, LocalServer]) -> None:
    name, server = spoken
    expected = {
        "revoked": CredentialProblem,
        "balance_empty": CredentialProblem,
        "rate_limited": RateLimited,
        "server_error": Transient,
        "unavailable": Transient,
    }
    for fault, kind in expected.items():
        # A model that cannot see refuses the request before its fault is due.
        if name in SEEING:
            assert type(problem_of(server, fault)) is kind, fault
    with pytest.raises(CredentialProblem) as caught:
        ask(server, server.key, model="qwen2.5vl:7b") if name in SEEING else ask(server, "wrong")
    assert ("qwen2.5vl:7b" in str(caught.value)) == (name in SEEING)


def test_a_flagged_image_is_a_refusal_by_a_code(spoken: tuple[str, LocalServer]) -> None:
    name, server = spoken
    if name in ("azure", "openrouter"):
        billed = server.account()["billed"]
        problem = problem_of(server, "content_filter")
        assert isinstance(problem, PictureRefused)
        assert problem.reason == "content_filter"
        assert server.account()["billed"] == billed


def test_lm_studio_answers_every_path(spoken: tuple[str, LocalServer]) -> None:
    name, server = spoken
    expected = Transient if name == "lmstudio" else CredentialProblem
    with pytest.raises(expected) as caught:
        ask(server, server.key, path="")
    assert ("Unexpected endpoint" in str(caught.value)) == (name == "lmstudio")


def test_a_parameter_that_a_server_does_not_take_is_named(
    spoken: tuple[str, LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, server = spoken
    monkeypatch.setenv(compatible_vlm.REPLY_FORMAT, "json_object")
    if name == "lmstudio":
        with pytest.raises(Rejected, match=r"response_format\.type"):
            ask(server)
    elif name in SEEING:
        assert json.loads(ask(server, server.key).text.split("</think>")[-1])
