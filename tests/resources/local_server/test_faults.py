"""The local server's faults, limits and delays, as the real SDKs see them over real HTTP."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from resources.local_server import LocalServer, LocalServerFailed, local_server

aiohttp = pytest.importorskip("aiohttp")
openai = pytest.importorskip("openai")
genai = pytest.importorskip("google.genai")

SCHEMA = {
    "type": "object",
    "properties": {
        "description": {"type": "string"},
        "emotion": {"type": "string", "enum": ["awe", "fear", "sadness", "contentment"]},
    },
    "required": ["description", "emotion"],
    "additionalProperties": False,
}
WANTED = {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA}}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
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


def ask(chat: Any, text: str = "x", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return chat.chat.completions.create(
        model="local-a", messages=messages, response_format=WANTED, **more
    )


def ask_often(chat: Any) -> None:
    for _ in range(100):
        ask(chat)


def generate(gemini: Any, text: str = "x") -> Any:
    config = {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
    return gemini.models.generate_content(model="local-a", contents=text, config=config)


def outcomes(server: LocalServer) -> Counter[str]:
    total: Counter[str] = Counter()
    for line in server.account()["lines"]:
        total.update(line["outcomes"])
    return total


def always(fault: str, **more: Any) -> dict[str, Any]:
    return {"rules": [{"fault": fault, **more}]}


def post_many(server: LocalServer, texts: list[str]) -> list[int]:
    """The status of each request, sent at once, without an SDK."""

    async def post(session: Any, text: str) -> int:
        body = {"model": "local-a", "messages": [{"role": "user", "content": text}]}
        async with session.post(f"{server.openai_url}/chat/completions", json=body) as reply:
            await reply.read()
            return reply.status

    async def post_all() -> list[int]:
        headers = {"Authorization": f"Bearer {server.key}"}
        connector = aiohttp.TCPConnector(limit=64)
        async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
            return await asyncio.gather(*(post(session, text) for text in texts))

    return asyncio.run(post_all())


@pytest.mark.parametrize(
    ("fault", "status", "code", "google_code", "google_status"),
    [
        ("rate_limited", 429, "rate_limit_exceeded", 429, "RESOURCE_EXHAUSTED"),
        ("balance_empty", 429, "insufficient_quota", 429, "RESOURCE_EXHAUSTED"),
        ("server_error", 500, None, 500, "INTERNAL"),
        ("unavailable", 503, None, 503, "UNAVAILABLE"),
        ("revoked", 401, "invalid_api_key", 403, "PERMISSION_DENIED"),
        ("picture_rejected", 400, "invalid_image_format", 400, "INVALID_ARGUMENT"),
    ],
)
def test_an_error_has_each_protocol_s_form_and_is_free(
    server: LocalServer,
    chat: Any,
    gemini: Any,
    fault: str,
    status: int,
    code: str | None,
    google_code: int,
    google_status: str,
) -> None:
    server.follow(always(fault))
    before, counted = server.account()["nano_usd"], outcomes(server)[fault]
    with pytest.raises(openai.APIStatusError) as caught:
        ask(chat)
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert caught.value.request_id.startswith("req_")
    assert "retry-after" not in caught.value.response.headers
    with pytest.raises(genai.errors.APIError) as refused:
        generate(gemini)
    assert (refused.value.code, refused.value.status) == (google_code, google_status)
    assert outcomes(server)[fault] == counted + 2
    assert server.account()["nano_usd"] == before


def test_a_rate_limit_may_say_how_long_to_wait(server: LocalServer, chat: Any, gemini: Any) -> None:
    server.follow(always("rate_limited", retry_after_s=1.25))
    with pytest.raises(openai.RateLimitError) as caught:
        ask(chat)
    headers = caught.value.response.headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("2", "1250")
    with pytest.raises(genai.errors.ClientError) as refused:
        generate(gemini)
    details = refused.value.details["error"]["details"]
    assert [part["retryDelay"] for part in details if "retryDelay" in part] == ["1.250s"]


def test_an_sdk_that_retries_gets_through(server: LocalServer) -> None:
    server.follow(always("rate_limited", first=2, retry_after_s=0.01))
    client = openai.OpenAI(base_url=server.openai_url, api_key=server.key, max_retries=2)
    assert ask(client, "patience").choices[0].finish_reason == "stop"


@pytest.mark.parametrize("fault", ["hang", "reset"])
def test_a_broken_connection_is_free(
    server: LocalServer, chat: Any, gemini: Any, fault: str
) -> None:
    server.follow(always(fault, seconds=0.3))
    before = server.account()["nano_usd"]
    began = time.monotonic()
    with pytest.raises(openai.APIConnectionError):
        ask(chat)
    assert time.monotonic() - began >= (0.3 if fault == "hang" else 0)
    with pytest.raises(Exception, match=r"reset|closed|disconnected"):
        generate(gemini)
    assert server.account()["nano_usd"] == before


@pytest.mark.parametrize(
    ("fault", "finish", "google_finish"),
    [
        ("truncated", "length", "MAX_TOKENS"),
        ("broken_json", "stop", "STOP"),
        ("prose", "stop", "STOP"),
        ("empty", "stop", "STOP"),
        ("content_filter", "content_filter", "SAFETY"),
    ],
)
def test_a_spoilt_answer_is_no_json_and_is_billed(
    server: LocalServer, chat: Any, gemini: Any, fault: str, finish: str, google_finish: str
) -> None:
    server.follow(always(fault))
    before = server.account()["nano_usd"]
    choice = ask(chat).choices[0]
    assert choice.finish_reason == finish
    done = generate(gemini)
    assert done.candidates[0].finish_reason.name == google_finish
    for text in (choice.message.content, done.text):
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(text or "")
    assert server.account()["nano_usd"] > before


@pytest.mark.parametrize(
    ("fault", "label"), [("wrong_label", "melancholy wonder"), ("two_labels", "awe, sadness")]
)
def test_a_label_may_be_wrong(server: LocalServer, chat: Any, fault: str, label: str) -> None:
    server.follow(always(fault))
    assert json.loads(ask(chat).choices[0].message.content)["emotion"] == label


def test_a_refusal_has_each_protocol_s_form(server: LocalServer, chat: Any, gemini: Any) -> None:
    server.follow(always("refused"))
    message = ask(chat).choices[0].message
    assert message.content is None
    assert message.refusal
    done = generate(gemini)
    assert not done.candidates
    assert done.prompt_feedback.block_reason.name == "SAFETY"
    response = chat.responses.create(model="local-a", input="x")
    assert response.output[0].content[0].type == "refusal"


def test_an_enormous_answer_breaks_the_limit_but_not_the_bill(
    server: LocalServer, chat: Any
) -> None:
    server.follow(always("enormous", size_bytes=300_000))
    done = ask(chat, max_completion_tokens=50)
    reply = json.loads(done.choices[0].message.content)
    assert len(reply["description"]) > 290_000
    assert reply["emotion"] in SCHEMA["properties"]["emotion"]["enum"]
    assert done.usage.completion_tokens == 50


def test_a_slow_answer_comes_and_an_ordinary_one_takes_its_time(
    server: LocalServer, chat: Any
) -> None:
    for script, least_s in ((always("slow", seconds=0.4), 0.4), ({"latency_ms": 200}, 0.2)):
        server.follow(script)
        began = time.monotonic()
        ask(chat)
        assert time.monotonic() - began >= least_s


def test_latencies_are_spread_around_their_median(server: LocalServer) -> None:
    from resources.local_server.faults import read_script

    script = read_script({"latency_ms": 100, "latency_sigma": 0.5})
    delays = sorted(script.latency_s(number.to_bytes(4), 1) for number in range(999))
    assert 0.09 < delays[499] < 0.11
    assert delays[98] < 0.06 < 0.16 < delays[900]


def test_every_nth_and_the_first_n_and_those_after(server: LocalServer) -> None:
    texts = ["x"] * 12
    cases = {
        json.dumps({"every": 4}): [200, 200, 200, 500] * 3,
        json.dumps({"first": 2}): [500] * 2 + [200] * 10,
        json.dumps({"after": 9}): [200] * 9 + [500] * 3,
        json.dumps({"after": 3, "first": 1}): [200] * 3 + [500] + [200] * 8,
    }
    for part, expected in cases.items():
        server.follow(always("server_error", **json.loads(part)))
        assert [post_many(server, [text])[0] for text in texts] == expected


def test_a_share_is_the_same_in_any_order_and_anew_for_each_attempt(server: LocalServer) -> None:
    texts = [f"picture {number}" for number in range(400)]
    script = {"seed": 5} | always("server_error", share=0.2)
    server.follow(script)
    first = dict(zip(texts, post_many(server, texts), strict=True))
    again = dict(zip(texts, post_many(server, texts), strict=True))
    server.follow(script)
    backwards = dict(zip(texts[::-1], post_many(server, texts[::-1]), strict=True))
    assert backwards == first
    assert 40 <= Counter(first.values())[500] <= 120
    failed = [text for text in texts if first[text] == 500]
    assert sum(again[text] == 200 for text in failed) > 0


def test_a_rule_may_be_for_some_requests_only(server: LocalServer) -> None:
    server.follow(always("server_error", contains="cursed"))
    assert post_many(server, ["blessed", "a cursed one"]) == [200, 500]
    server.follow(always("server_error", model="local-b"))
    assert post_many(server, ["x"]) == [200]
    server.follow(always("server_error", endpoint="generate"))
    assert post_many(server, ["x"]) == [200]


def test_what_a_picture_causes_stays_with_it(server: LocalServer) -> None:
    from resources.local_server.asked import Asked, SentPicture
    from resources.local_server.faults import Fate, read_script

    def refused(fate: Fate, number: int, attempt: int) -> bool:
        shown = (SentPicture(f"picture{number}"),)
        digest = f"{number} {attempt}".encode()
        asked = Asked("local_openai", "local-a", (), shown, None, "", None, digest)
        return fate.decide(asked, "chat", attempt) is not None

    fate = Fate(read_script(always("refused", share=0.3)))
    seen = [[refused(fate, number, attempt) for attempt in (1, 2, 3)] for number in range(200)]
    assert all(len(set(attempts)) == 1 for attempts in seen)
    assert 30 <= sum(attempts[0] for attempts in seen) <= 90


def test_a_limit_lets_the_burst_pass_and_says_when_more_may_come(
    server: LocalServer, chat: Any
) -> None:
    server.follow({"requests_per_second": 5, "burst": 10})
    began = time.monotonic()
    statuses = Counter(post_many(server, ["x"] * 40))
    passed_s = time.monotonic() - began
    assert 10 <= statuses[200] <= 10 + 5 * passed_s + 1
    assert statuses[429] == 40 - statuses[200]
    with pytest.raises(openai.RateLimitError) as caught:
        ask_often(chat)
    refused = caught.value.response.headers
    wait_s = int(refused["retry-after-ms"]) / 1000
    assert 0 < wait_s <= 0.2
    assert refused["x-ratelimit-remaining-requests"] == "0"
    time.sleep(wait_s)
    passed = chat.chat.completions.with_raw_response.create(
        model="local-a", messages=[{"role": "user", "content": "x"}]
    ).headers
    assert passed["x-ratelimit-limit-requests"] == "10"
    assert 0 <= int(passed["x-ratelimit-remaining-requests"]) < 10
    assert passed["x-ratelimit-reset-requests"].endswith("ms")


def test_a_limit_may_keep_silent(server: LocalServer, chat: Any) -> None:
    script = {"requests_per_second": 0.1, "burst": 1}
    server.follow(script | {"says_retry_after": False, "says_limits": False})
    done = chat.chat.completions.with_raw_response.create(
        model="local-a", messages=[{"role": "user", "content": "x"}]
    )
    assert not [name for name in done.headers if name.startswith("x-ratelimit")]
    with pytest.raises(openai.RateLimitError) as caught:
        ask(chat)
    assert "retry-after" not in caught.value.response.headers


def test_an_account_that_is_empty_answers_nothing_more(server: LocalServer, chat: Any) -> None:
    spent = server.account()["nano_usd"]
    server.follow({"balance_usd": (spent + 1) / 1e9})
    ask(chat)
    with pytest.raises(openai.RateLimitError) as caught:
        ask(chat)
    assert caught.value.code == "insufficient_quota"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"rules": [{"fault": "earthquake"}]}, "unknown fault"),
        ({"rules": [{"fault": "hang", "share": 0.1, "every": 3}]}, "one of share"),
        ({"rules": [{"fault": "hang", "often": 1}]}, "Rule has no often"),
        ({"speed": 3}, "Script has no speed"),
    ],
)
def test_a_script_that_cannot_be_followed_is_refused(
    server: LocalServer, script: dict[str, Any], said: str
) -> None:
    with pytest.raises(LocalServerFailed, match=said):
        server.follow(script)
