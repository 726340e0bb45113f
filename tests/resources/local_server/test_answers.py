"""The local server's answers, usage and account, asked by the real SDKs over real HTTP."""

import asyncio
import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel

from eemo_pipeline.vlm.contract import Usage
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import LocalServer, LocalServerFailed, local_server

openai = pytest.importorskip("openai")
genai = pytest.importorskip("google.genai")

Emotion = Literal[
    "amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness"
]


class Reply(BaseModel):
    description: str
    emotion: Emotion
    clarity: int
    evidence: list[str]


SCHEMA = {
    "type": "object",
    "properties": {
        "emotion": {"type": "string", "enum": ["Awe", "Fear", "Sadness", "Contentment"]},
        "valence": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "required": ["emotion", "valence"],
    "additionalProperties": False,
}


def picture(seed: int, width: int = 300, height: int = 200, kind: str = "JPEG") -> bytes:
    chance = np.random.default_rng(seed)
    base, spread = chance.integers(0, 256, 3) * chance.random(), chance.integers(1, 120)
    noise = chance.normal(0, spread, (height // 10, width // 10, 3))
    small = Image.fromarray((base + noise).clip(0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    small.resize((width, height), Image.Resampling.BICUBIC).save(buffer, kind)
    return buffer.getvalue()


def data_url(data: bytes, media_type: str = "image/jpeg") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def chat_body(data: bytes, model: str = "local-a", detail: str = "auto") -> dict[str, Any]:
    parts = [
        {"type": "text", "text": "What does it evoke?"},
        {"type": "image_url", "image_url": {"url": data_url(data), "detail": detail}},
    ]
    return {"model": model, "messages": [{"role": "user", "content": parts}]}


def gemini_contents(data: bytes) -> list[Any]:
    part = genai.types.Part.from_bytes(data=data, mime_type="image/jpeg")
    return ["What does it evoke?", part]


def as_json(schema: Any) -> dict[str, Any]:
    return {"response_mime_type": "application/json", "response_schema": schema}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.fixture(scope="module")
def quick() -> Iterator[LocalServer]:
    with local_server(answers="schema") as running:
        yield running


@pytest.fixture
def chat(server: LocalServer) -> Iterator[Any]:
    with openai.OpenAI(base_url=server.openai_url, api_key=server.key, max_retries=0) as client:
        yield client


@pytest.fixture
def gemini(server: LocalServer) -> Iterator[Any]:
    options = {"base_url": server.gemini_url}
    with genai.Client(api_key=server.key, http_options=options) as client:
        yield client


@pytest.fixture
def owed(server: LocalServer) -> Callable[[], int]:
    """Nano-USD billed since the test began."""
    before = server.account()["nano_usd"]
    return lambda: server.account()["nano_usd"] - before


def test_chat_completions_are_parsed_and_billed(chat: Any, owed: Callable[[], int]) -> None:
    done = chat.chat.completions.parse(**chat_body(picture(1)), response_format=Reply, seed=1)
    assert isinstance(done.choices[0].message.parsed, Reply)
    assert done.choices[0].finish_reason == "stop"
    used = Usage(done.usage.prompt_tokens, done.usage.completion_tokens)
    assert owed() == read_prices().cost("local_openai", "local-a", used)


def test_chat_completions_pass_the_aiohttp_transport(server: LocalServer) -> None:
    async def ask(number: int) -> Any:
        return await client.chat.completions.parse(
            **chat_body(picture(number)), response_format=Reply
        )

    async def ask_all() -> list[Any]:
        async with client:
            return await asyncio.gather(*map(ask, range(20)))

    client = openai.AsyncOpenAI(
        base_url=server.openai_url,
        api_key=server.key,
        max_retries=0,
        http_client=openai.DefaultAioHttpClient(),
    )
    replies = asyncio.run(ask_all())
    assert all(isinstance(reply.choices[0].message.parsed, Reply) for reply in replies)


def test_responses_are_parsed(chat: Any) -> None:
    parts = [
        {"type": "input_text", "text": "What does it evoke?"},
        {"type": "input_image", "image_url": data_url(picture(1)), "detail": "low"},
    ]
    done = chat.responses.parse(
        model="local-b",
        instructions="Be short.",
        input=[{"role": "user", "content": parts}],
        text_format=Reply,
        max_output_tokens=500,
    )
    assert isinstance(done.output_parsed, Reply)
    assert (done.status, done.usage.input_tokens_details.cached_tokens) == ("completed", 0)


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_generated_content_is_parsed_and_billed(
    server: LocalServer, version: str, owed: Callable[[], int]
) -> None:
    options = {"base_url": server.gemini_url, "api_version": version}
    client = genai.Client(api_key=server.key, http_options=options)
    done = client.models.generate_content(
        model="local-b", contents=gemini_contents(picture(1)), config=as_json(Reply)
    )
    assert isinstance(done.parsed, Reply)
    assert done.candidates[0].finish_reason.name == "STOP"
    usage = done.usage_metadata
    used = Usage(usage.prompt_token_count, usage.candidates_token_count)
    assert owed() == read_prices().cost("local_gemini", "local-b", used)


def test_generated_content_follows_a_json_schema(server: LocalServer) -> None:
    async def ask() -> Any:
        options = {"base_url": server.gemini_url}
        async with genai.Client(api_key=server.key, http_options=options).aio as client:
            return await client.models.generate_content(
                model="local-a",
                contents=gemini_contents(picture(2)),
                config={
                    "response_mime_type": "application/json",
                    "response_json_schema": SCHEMA,
                    "system_instruction": "Be short.",
                },
            )

    reply = asyncio.run(ask()).parsed
    assert reply["emotion"] in SCHEMA["properties"]["emotion"]["enum"]
    assert 0 <= reply["valence"] <= 1


def test_both_protocols_see_the_same_picture(chat: Any, gemini: Any) -> None:
    data = picture(4)
    one = chat.chat.completions.parse(**chat_body(data), response_format=Reply)
    other = gemini.models.generate_content(
        model="local-a", contents=gemini_contents(data), config=as_json(Reply)
    )
    assert one.choices[0].message.parsed == other.parsed


def test_the_same_request_gets_the_same_answer_from_any_server(chat: Any) -> None:
    body = chat_body(picture(5)) | {
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    }
    here = [chat.chat.completions.create(**body).choices[0].message.content for _ in range(2)]
    with local_server() as another:
        client = openai.OpenAI(base_url=another.openai_url, api_key=another.key, max_retries=0)
        there = client.chat.completions.create(**body).choices[0].message.content
    assert here == [there, there]


def test_two_models_agree_on_many_pictures_and_not_on_all(chat: Any) -> None:
    said = [
        [
            chat.chat.completions.parse(**chat_body(picture(seed), model), response_format=Reply)
            .choices[0]
            .message.parsed.emotion
            for model in ("local-a", "local-b")
        ]
        for seed in range(30)
    ]
    agreed = sum(one == other for one, other in said)
    assert 15 <= agreed < 30
    assert len({one for one, _ in said}) >= 4


def test_a_schema_mode_never_decodes(quick: LocalServer) -> None:
    client = openai.OpenAI(base_url=quick.openai_url, api_key=quick.key, max_retries=0)
    data = picture(1)[:700]  # the header is there, the pixels are not
    done = client.chat.completions.parse(**chat_body(data), response_format=Reply)
    assert isinstance(done.choices[0].message.parsed, Reply)


@pytest.mark.parametrize(
    ("width", "height", "detail", "tokens"),
    [
        (300, 200, "auto", 85 + 170),
        (300, 200, "low", 85),
        (1024, 1024, "high", 85 + 170 * 4),
        (600, 900, "high", 85 + 170 * 4),
    ],
)
def test_openai_usage_follows_the_stated_rule(
    chat: Any, width: int, height: int, detail: str, tokens: int
) -> None:
    done = chat.chat.completions.create(**chat_body(picture(1, width, height), detail=detail))
    assert done.usage.prompt_tokens == 5 + tokens  # 19 letters
    assert done.usage.completion_tokens == -(-len(done.choices[0].message.content) // 4)


@pytest.mark.parametrize(
    ("width", "height", "tokens"), [(384, 300, 258), (400, 300, 258), (800, 1600, 258 * 6)]
)
def test_gemini_usage_follows_the_stated_rule(
    gemini: Any, width: int, height: int, tokens: int
) -> None:
    contents = gemini_contents(picture(1, width, height))
    done = gemini.models.generate_content(model="local-a", contents=contents)
    by_kind = {
        part.modality.name: part.token_count for part in done.usage_metadata.prompt_tokens_details
    }
    assert by_kind == {"TEXT": 5, "IMAGE": tokens}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_come_in_three_formats(chat: Any, kind: str) -> None:
    done = chat.chat.completions.create(**chat_body(picture(1, 320, 210, kind)))
    assert done.usage.prompt_tokens == 5 + 85 + 170


def test_the_output_limit_cuts_the_answer(chat: Any, gemini: Any) -> None:
    done = chat.chat.completions.create(**chat_body(picture(1)), max_completion_tokens=7)
    assert (done.choices[0].finish_reason, done.usage.completion_tokens) == ("length", 7)
    config = as_json(Reply) | {"max_output_tokens": 7}
    cut = gemini.models.generate_content(
        model="local-a", contents=gemini_contents(picture(1)), config=config
    )
    assert cut.candidates[0].finish_reason.name == "MAX_TOKENS"
    assert cut.usage_metadata.candidates_token_count == 7


def test_a_picture_that_cannot_be_read_is_refused_and_free(
    chat: Any, gemini: Any, owed: Callable[[], int]
) -> None:
    for data in (b"no picture", picture(1)[:400]):
        with pytest.raises(openai.BadRequestError) as caught:
            chat.chat.completions.create(**chat_body(data))
        assert caught.value.code == "invalid_image_format"
        with pytest.raises(genai.errors.ClientError) as refused:
            gemini.models.generate_content(model="local-a", contents=gemini_contents(data))
        assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    body = chat_body(b"")
    body["messages"][0]["content"][1]["image_url"]["url"] = "https://example.org/picture.jpg"
    with pytest.raises(openai.BadRequestError):
        chat.chat.completions.create(**body)
    assert owed() == 0


def test_wrong_keys_are_refused_in_each_protocol_s_words(server: LocalServer) -> None:
    wrong = "sk-wrong-key-of-some-length"
    client = openai.OpenAI(base_url=server.openai_url, api_key=wrong, max_retries=0)
    with pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(**chat_body(picture(1)))
    assert caught.value.code == "invalid_api_key"
    assert wrong not in str(caught.value)
    google = genai.Client(api_key=wrong, http_options={"base_url": server.gemini_url})
    with pytest.raises(genai.errors.ClientError) as refused:
        google.models.generate_content(model="local-a", contents="x")
    (detail,) = refused.value.details["error"]["details"]
    assert (refused.value.code, detail["reason"]) == (400, "API_KEY_INVALID")


def test_unknown_models_and_broken_requests_are_refused(chat: Any, gemini: Any) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        chat.chat.completions.create(**chat_body(picture(1), "gpt-4o"))
    assert caught.value.code == "model_not_found"
    with pytest.raises(genai.errors.ClientError) as refused:
        gemini.models.generate_content(model="gemini-2.5-flash", contents="x")
    assert refused.value.status == "NOT_FOUND"
    with pytest.raises(openai.BadRequestError):
        chat.chat.completions.create(model="local-a", messages=[])


@pytest.mark.parametrize(
    "change",
    [
        {"messages": [{"role": "user", "content": ["x"]}]},
        {"messages": [{"role": "user", "content": [{"image_url": 5}]}]},
        {"response_format": {"type": "json_schema", "json_schema": "x"}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": 5}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"enum": 5}}}},
        {"stream": True},
        {"max_tokens": "many"},
    ],
)
def test_a_request_of_the_wrong_shape_is_refused_in_words(
    chat: Any, change: dict[str, Any]
) -> None:
    body = {"model": "local-a", "messages": [{"role": "user", "content": "x"}]} | change
    with pytest.raises(openai.BadRequestError) as caught:
        chat.post("/chat/completions", body=body, cast_to=object)
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (16, 16)])
def test_odd_pictures_get_an_answer(chat: Any, size: tuple[int, int]) -> None:
    for mode in ("L", "RGBA", "P"):
        buffer = io.BytesIO()
        Image.new(mode, size).save(buffer, "PNG")
        done = chat.chat.completions.parse(**chat_body(buffer.getvalue()), response_format=Reply)
        assert isinstance(done.choices[0].message.parsed, Reply)


def test_models_are_listed(chat: Any, gemini: Any) -> None:
    names = {"local-a", "local-b", "local-critic", "local-writer"}
    assert {model.id for model in chat.models.list()} == names | {"local-painter"}
    assert {model.name for model in gemini.models.list()} == {f"models/{name}" for name in names}


def test_a_question_with_the_models_own_record_is_thought_over(chat: Any) -> None:
    body = chat_body(picture(6))
    first = chat.chat.completions.parse(**body, response_format=Reply).choices[0].message.parsed
    body["messages"][0]["content"][0]["text"] = json.dumps({"record": first.model_dump()})
    second = chat.chat.completions.parse(**body, response_format=Reply).choices[0].message.parsed
    assert second.description != first.description


def test_a_critic_doubts_what_the_picture_contradicts(chat: Any) -> None:
    field = {
        "type": "object",
        "properties": {
            "verdict": {"enum": ["valid", "revisable", "discarded"]},
            "codes": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["verdict", "codes"],
    }
    verdicts = dict.fromkeys(("emotion", "description"), field)
    schema = {
        "type": "object",
        "properties": {"verdicts": {"type": "object", "properties": verdicts}},
        "required": ["verdicts"],
    }
    grey = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 25, np.uint8)).save(grey, "PNG")
    body = chat_body(grey.getvalue(), "local-critic")
    record = {"emotion": "excitement", "description": "A vivid red balloon over a dark field."}
    body["messages"][0]["content"][0]["text"] = json.dumps({"record": record})
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    done = chat.chat.completions.create(**body, response_format=wanted)
    judged = json.loads(done.choices[0].message.content)["verdicts"]
    assert judged["emotion"] == {"verdict": "revisable", "codes": ["EMO_CONTRADICTED"]}
    assert judged["description"]["codes"] == ["DESC_UNSUPPORTED_CLAIM"]


def test_the_account_counts_by_model_and_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    for round_no in (1, 2):
        with local_server(account=file, answers="schema") as server:
            client = openai.OpenAI(base_url=server.openai_url, api_key=server.key, max_retries=0)
            usages = [
                client.chat.completions.create(**chat_body(picture(1), model)).usage
                for model in ("local-a", "local-b", "local-b")
            ]
            report = server.account()
        assert {line["model"]: line["billed"] for line in report["lines"]} == {
            "local-a": round_no,
            "local-b": 2 * round_no,
        }
        assert report["repeated"] == round_no
        saved = json.loads(file.read_text("utf-8"))
        assert saved == report | {"in_flight": 0}
    tokens = sum(usage.prompt_tokens for usage in usages)
    assert sum(line["input_tokens"] for line in saved["lines"]) == 2 * tokens


def test_a_client_that_hangs_up_is_billed_and_listed_apart(quick: LocalServer) -> None:
    def hung_up() -> int:
        return sum(line["hung_up"]["nano_usd"] for line in quick.account()["lines"])

    quick.follow({"latency_ms": 500})
    before = quick.account()["nano_usd"]
    client = openai.OpenAI(base_url=quick.openai_url, api_key=quick.key, max_retries=0, timeout=0.1)
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(**chat_body(picture(1)))
    for _ in range(500):
        if hung_up():
            break
        time.sleep(0.02)
    assert hung_up() == quick.account()["nano_usd"] - before > 0


def test_the_server_ends_with_whoever_started_it() -> None:
    program = (
        "import os, time\n"
        "from resources.local_server import local_server\n"
        "with local_server() as server:\n"
        "    print(server.port, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        os.kill(holder.pid, signal.SIGKILL)
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.02)
    pytest.fail("the server is still there")


def test_a_server_that_cannot_start_says_why() -> None:
    with (
        pytest.raises(LocalServerFailed, match="unknown fault 'earthquake'"),
        local_server({"rules": [{"fault": "earthquake"}]}),
    ):
        pass
