"""Each provider over real HTTP against the local server: the reply, the bill, and every problem."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from eemo_pipeline.stages.annotation import vlm_annotator
from eemo_pipeline.stages.annotation.reply_schema import REPLY, read_annotation
from eemo_pipeline.vlm.contract import (
    EncodedPicture,
    Turn,
    Usage,
    VisionLanguageModel,
    VlmReply,
    VlmRequest,
)
from eemo_pipeline.vlm.errors import (
    CredentialProblem,
    PictureRefused,
    ProviderProblem,
    RateLimited,
    Rejected,
    Transient,
)
from eemo_pipeline.vlm.prompts import read_prompt
from resources.local_server import LocalServer, local_server
from resources.providers import compatible_vlm, gemini_vlm, openai_vlm
from resources.providers.chat_completions import (
    LONGEST_WAIT_S,
    Account,
    read_duration,
    read_problem,
    read_reply,
    read_wait,
)
from resources.providers.compatible_vlm import CompatibleVlm
from resources.providers.gemini_vlm import GeminiVlm
from resources.providers.openai_vlm import OpenAiVlm

KEY = "sk-local-0123456789-abcdefgh"
ACCOUNT = Account("openai", "m", "OPENAI_API_KEY", KEY)
FLAGGED = {
    "code": 403,
    "message": 'Your input was flagged for "violence/graphic". No credits were charged.',
    "metadata": {"reasons": ["violence/graphic"], "provider_name": "Google"},
}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server(keys=(KEY,)) as running:
        yield running


Build = Callable[[LocalServer], VisionLanguageModel]
BUILDS: dict[str, Build] = {
    "openai": lambda server: OpenAiVlm("local-a", "local_openai", server.openai_url, KEY),
    "gemini": lambda server: GeminiVlm("local-b", "local_gemini", server.gemini_url, KEY),
    "compatible": lambda server: CompatibleVlm("local-a", "compatible", server.openai_url, KEY),
}
every_provider = pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)


def picture(width: int = 640, height: int = 400) -> EncodedPicture:
    noise = np.random.default_rng(1).integers(0, 256, (5, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).resize((width, height)).save(stream, "JPEG")
    return EncodedPicture(stream.getvalue(), "image/jpeg", width, height)


def request() -> VlmRequest:
    return VlmRequest(
        instruction=read_prompt(vlm_annotator.__name__, vlm_annotator.ANNOTATE),
        question="Fill in the record about this picture.",
        pictures=(picture(),),
        schema_name="annotation",
        schema=REPLY,
        detail="high",
    )


def attempt(model: VisionLanguageModel, asked: VlmRequest, patience_s: float = 20) -> VlmReply:
    async def go() -> VlmReply:
        try:
            return await asyncio.wait_for(model.send(asked), patience_s)
        finally:
            await model.close()

    return asyncio.run(go())


def problem_of(server: LocalServer, build: Build, fault: str, **more: Any) -> ProviderProblem:
    server.follow({"rules": [{"fault": fault, **more}]})
    with pytest.raises(ProviderProblem) as caught:
        attempt(build(server), request())
    server.follow({})
    return caught.value


@every_provider
def test_reply_fits_the_schema_and_the_bill_is_the_servers(
    server: LocalServer, build: Build
) -> None:
    model = build(server)
    before = server.account()
    reply = attempt(model, request())
    after = server.account()
    answer = read_annotation(reply.text)
    assert answer["emotion"]
    assert reply.refusal is None
    assert not reply.is_truncated
    assert reply.usage
    billed = {
        name: sum(line[name] for line in after["lines"])
        - sum(line[name] for line in before["lines"])
        for name in ("input_tokens", "output_tokens", "requests")
    }
    assert billed == {
        "input_tokens": reply.usage.input_tokens,
        "output_tokens": reply.usage.output_tokens,
        "requests": 1,
    }
    bound = model.bound_tokens(request())
    assert bound.input_tokens >= reply.usage.input_tokens
    assert bound.output_tokens >= reply.usage.output_tokens


@every_provider
def test_a_complaint_is_part_of_the_next_request(server: LocalServer, build: Build) -> None:
    model = build(server)
    plain = attempt(model, request())
    turns = (Turn('{"emotion": "joy"}', "emotion must be exactly one of: ..."),)
    again = attempt(model, replace(request(), turns=turns))  # the model opens itself anew
    assert again.usage
    assert plain.usage
    assert again.usage.input_tokens > plain.usage.input_tokens
    assert model.bound_tokens(replace(request(), turns=turns)).input_tokens >= (
        again.usage.input_tokens
    )


@every_provider
def test_an_attempt_is_made_once(server: LocalServer, build: Build) -> None:
    before = server.account()["requests"]
    problem = problem_of(server, build, "server_error")
    assert isinstance(problem, Transient)
    assert problem.usage is None, "nobody knows what a 500 costs"
    assert server.account()["requests"] == before + 1


@every_provider
def test_a_rate_limit_says_how_long_to_wait(server: LocalServer, build: Build) -> None:
    problem = problem_of(server, build, "rate_limited", retry_after_s=1.5)
    assert isinstance(problem, RateLimited)
    assert problem.retry_after_s == pytest.approx(1.5, abs=0.51)  # a header of whole seconds
    assert problem.usage == Usage(0, 0)


@every_provider
def test_no_connection_is_transient(build: Build) -> None:
    nowhere = LocalServer(9, KEY, 0)  # the discard port: nothing listens
    with pytest.raises(Transient):
        attempt(build(nowhere), request())


@every_provider
def test_a_cut_connection_is_transient(server: LocalServer, build: Build) -> None:
    assert isinstance(problem_of(server, build, "reset"), Transient)


@every_provider
def test_a_hanging_call_can_be_cancelled(server: LocalServer, build: Build) -> None:
    server.follow({"rules": [{"fault": "hang", "seconds": 5}]})
    with pytest.raises(TimeoutError):
        attempt(build(server), request(), patience_s=0.5)
    server.follow({})


@every_provider
def test_a_rejected_picture_has_its_reason(server: LocalServer, build: Build) -> None:
    problem = problem_of(server, build, "picture_rejected")
    assert isinstance(problem, Rejected)
    # Gemini has no code for it, so nothing says that it is about this image.
    has_code = build is not BUILDS["gemini"]
    assert isinstance(problem, PictureRefused) == has_code
    assert problem.reason == ("picture_rejected" if has_code else "request_rejected")


@every_provider
@pytest.mark.parametrize("fault", ["revoked", "balance_empty"])
def test_a_key_that_pays_nothing_names_variable_and_fix(
    server: LocalServer, build: Build, fault: str
) -> None:
    problem = problem_of(server, build, fault)
    assert isinstance(problem, CredentialProblem)
    assert problem.variable in str(problem)
    assert problem.fix in str(problem)
    assert problem.variable.endswith("API_KEY")
    assert KEY not in str(problem)
    assert KEY[-4:] not in str(problem)


@every_provider
@pytest.mark.parametrize("fault", ["refused", "content_filter"])
def test_a_refusal_is_a_reply(server: LocalServer, build: Build, fault: str) -> None:
    server.follow({"rules": [{"fault": fault}]})
    try:
        reply = attempt(build(server), request())
    except Rejected as problem:  # a filter may also stop the request itself
        assert problem.reason == "content_filter"  # noqa: PT017
    else:
        assert reply.refusal
    server.follow({})


@every_provider
def test_a_cut_off_reply_is_flagged(server: LocalServer, build: Build) -> None:
    server.follow({"rules": [{"fault": "truncated"}]})
    assert attempt(build(server), request()).is_truncated
    server.follow({})


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        (OpenAiVlm("gpt-4o"), openai_vlm.KEY),
        (GeminiVlm("gemini-2.5-flash"), gemini_vlm.KEY),
        (CompatibleVlm("qwen"), compatible_vlm.BASE_URL),
    ],
    ids=["openai", "gemini", "compatible"],
)
def test_a_missing_key_is_named(
    model: VisionLanguageModel, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(CredentialProblem) as caught:
        attempt(model, request())
    assert caught.value.variable == variable
    assert f"export {variable}=" in caught.value.fix


def test_a_model_that_is_not_there_needs_a_person(server: LocalServer) -> None:
    for model in (
        OpenAiVlm("gpt-nowhere", "openai", server.openai_url, KEY),
        GeminiVlm("gemini-nowhere", "gemini", server.gemini_url, KEY),
    ):
        with pytest.raises(CredentialProblem) as caught:
            attempt(model, request())
        assert caught.value.variable == "EEMO_PROVIDERS"
        assert model.model in str(caught.value)


def test_the_sdk_reads_another_address_from_its_own_variable(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.gemini_url)
    monkeypatch.setenv("EEMO_COMPATIBLE_API_KEY", KEY)
    monkeypatch.setenv("EEMO_COMPATIBLE_BASE_URL", server.openai_url)
    for model in (OpenAiVlm("local-a"), GeminiVlm("local-b"), CompatibleVlm("local-a")):
        assert read_annotation(attempt(model, request()).text)["description"]


def test_a_server_without_schemas_gets_the_schema_in_words(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(compatible_vlm.REPLY_FORMAT, "json_object")
    body = json.loads(compatible_vlm._encode(request(), "m"))
    assert body["response_format"] == {"type": "json_object"}
    assert json.dumps(REPLY) in body["messages"][0]["content"]


@pytest.mark.parametrize(
    ("status", "body", "expected", "reason"),
    [
        (401, {"error": {"message": "Incorrect API key provided"}}, CredentialProblem, None),
        (403, {"error": {"message": "no access"}}, CredentialProblem, None),
        (402, {"error": {"message": "Insufficient Balance"}}, CredentialProblem, None),
        (429, {"error": {"code": "insufficient_quota", "message": ""}}, CredentialProblem, None),
        (429, {"error": {"code": "rate_limit_exceeded"}}, RateLimited, None),
        (429, "slow down", RateLimited, None),
        (404, {"detail": "no such model"}, CredentialProblem, None),
        (400, {"error": {"code": "invalid_image"}}, PictureRefused, "picture_rejected"),
        (400, {"error": {"code": "content_policy_violation"}}, PictureRefused, "content_filter"),
        (400, {"error": {"code": "data_inspection_failed"}}, PictureRefused, "content_filter"),
        (403, {"error": FLAGGED}, PictureRefused, "content_filter"),
        (403, {"error": "Content violates usage guidelines."}, Rejected, "content_filter"),
        (400, {"error": {"message": "unknown variant image_url"}}, Rejected, "request_rejected"),
        (400, {"error": {"message": "this model cannot see images"}}, Rejected, "request_rejected"),
        (400, {"error": {"code": "Arrearage", "message": "Denied"}}, CredentialProblem, None),
        (400, {"error": {"message": "credit balance is too low"}}, CredentialProblem, None),
        (403, {"error": {"message": "账户余额不足"}}, CredentialProblem, None),
        (429, {"error": {"type": "exceeded_current_quota_error"}}, CredentialProblem, None),
        (429, {"error": {"message": "Limit: free-models-per-day"}}, CredentialProblem, None),
        (429, {"error": {"message": "requests per day (RPD): Limit 200"}}, CredentialProblem, None),
        (429, {"error": {"message": "requests per minute (RPM)"}}, RateLimited, None),
        (400, {"error": {"code": "context_length_exceeded"}}, Rejected, "request_too_large"),
        (413, "<html>too big</html>", Rejected, "request_too_large"),
        (422, {"message": "extra fields"}, Rejected, "request_rejected"),
        (400, None, Rejected, "request_rejected"),
        (400, [{"error": 1}], Rejected, "request_rejected"),
        (500, {"error": None}, Transient, None),
        (529, "overloaded", Transient, None),
        (408, "", Transient, None),
    ],
)
def test_an_error_status_means_one_kind_of_problem(
    status: int, body: Any, expected: type[ProviderProblem], reason: str | None
) -> None:
    problem = read_problem(status, {}, body, Account("openai", "gpt-4o", "OPENAI_API_KEY", KEY))
    assert type(problem) is expected
    assert getattr(problem, "reason", None) == reason


def test_a_key_that_a_server_quotes_back_is_taken_out() -> None:
    said = {"error": {"message": f"Incorrect API key provided: {KEY[:8]}****{KEY[-4:]}. {KEY}"}}
    problem = read_problem(401, {}, said, Account("openai", "m", "OPENAI_API_KEY", KEY))
    assert KEY[:8] not in str(problem)
    assert KEY[-4:] not in str(problem)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"choices": []}',
        b'{"choices": [{"message": null}], "usage": {"prompt_tokens": 1}}',
        b"[" * 100_000,
        b'{"error": "Unexpected endpoint or method. (POST /chat/completions)"}',
        b'{"choices": [{"error": {"code": 502, "message": "overloaded"}}]}',
    ],
)
def test_a_response_that_is_none_is_a_fault_of_the_server(content: bytes) -> None:
    with pytest.raises(Transient) as caught:
        read_reply(content, {}, ACCOUNT)
    for words in ("<html>", "Unexpected endpoint", "overloaded"):
        assert (words in str(caught.value)) == (words.encode() in content)


def test_an_error_with_status_200_means_what_its_code_says() -> None:
    told = {"error": {"message": "Rate limit exceeded: free-models-per-day", "code": 429}}
    with pytest.raises(CredentialProblem, match=r"per day .* free-models-per-day"):
        read_reply(json.dumps(told).encode(), {}, ACCOUNT)
    with pytest.raises(RateLimited):
        read_reply(b'{"error": {"code": 429, "message": "slow down"}}', {}, ACCOUNT)


ODD_COUNTS = ["1e999", "-5", "10.5", "1" + "0" * 30, "NaN", "null", '"many"', "true", "{}"]


@pytest.mark.parametrize("count", ODD_COUNTS)
def test_a_count_of_tokens_that_cannot_be_believed_is_no_count(count: str) -> None:
    chat = (
        '{"choices": [{"message": {"content": "x"}}],'
        f' "usage": {{"prompt_tokens": {count}, "completion_tokens": 5}}}}'
    )
    reply = read_reply(chat.encode(), {}, ACCOUNT)
    assert (reply.text, reply.usage) == ("x", None)
    gemini = (
        '{"candidates": [{"content": {"parts": [{"text": "x"}]}}], "usageMetadata":'
        f' {{"promptTokenCount": 9, "candidatesTokenCount": {count}}}}}'
    )
    reply = gemini_vlm.read_reply(gemini, {}, "m")
    assert (reply.text, reply.usage) == ("x", None)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"total_tokens": 1000},
        {"prompt_tokens": 900},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": 900, "completion_tokens": 0},
    ],
)
def test_a_reply_that_counts_nothing_is_a_reply(usage: dict[str, int] | None) -> None:
    body = {"choices": [{"message": {"content": "x"}}], "usage": usage}
    assert read_reply(json.dumps(body).encode(), {}, ACCOUNT).usage is None


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (None, None),
        ({}, None),
        ({"promptTokenCount": 900}, None),
        ({"promptTokenCount": 900, "totalTokenCount": 900}, Usage(900, 0)),
        ({"promptTokenCount": 900, "totalTokenCount": 950}, Usage(900, 50)),
        (
            {"promptTokenCount": 9, "candidatesTokenCount": 2, "thoughtsTokenCount": 3},
            Usage(9, 5),
        ),
        ({"promptTokenCount": 9, "candidatesTokenCount": 2}, None),
        ({"promptTokenCount": 0, "totalTokenCount": 0}, None),
    ],
)
def test_gemini_leaves_out_counts_of_zero_and_no_bill_is_zero(
    counts: dict[str, int] | None, expected: Usage | None
) -> None:
    body = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": counts}
    assert gemini_vlm.read_reply(json.dumps(body), {}, "m").usage == expected


def test_thoughts_are_apart_from_the_text() -> None:
    message = {"content": None, "reasoning_content": "Hm."}
    reply = read_reply(json.dumps({"choices": [{"message": message}]}).encode(), {}, ACCOUNT)
    assert (reply.text, reply.thoughts) == ("", "Hm.")
    parts = [{"text": "Hm.", "thought": True}, {"text": "x"}]
    body = {"candidates": [{"content": {"parts": parts}}]}
    reply = gemini_vlm.read_reply(json.dumps(body), {}, "m")
    assert (reply.text, reply.thoughts) == ("x", "Hm.")


def test_geminis_quota_of_a_day_is_waited_for_by_no_run() -> None:
    from google.genai import errors

    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    details = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"},
    ]
    told = {"error": {"code": 429, "message": "You exceeded your quota.", "details": details}}
    problem = gemini_vlm.read_problem(errors.APIError(429, told), ACCOUNT)
    assert isinstance(problem, CredentialProblem)
    assert "quota per day" in str(problem)
    violation["quotaId"] = "GenerateRequestsPerMinutePerProject"
    problem = gemini_vlm.read_problem(errors.APIError(429, told), ACCOUNT)
    assert isinstance(problem, RateLimited)
    assert problem.retry_after_s == 2


def test_what_a_reply_says_about_itself_is_read() -> None:
    body = {
        "model": "gpt-4o-2024-11-20",
        "choices": [
            {"finish_reason": "length", "message": {"content": [{"type": "text", "text": "ab"}]}}
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 3,
            "prompt_tokens_details": {"cached_tokens": 8},
        },
    }
    headers = {"x-ratelimit-remaining-requests": "41", "x-ratelimit-reset-requests": "1m1.5s"}
    reply = read_reply(json.dumps(body).encode(), headers, ACCOUNT)
    assert reply == VlmReply(
        "ab",
        Usage(10, 3, 8),
        "gpt-4o-2024-11-20",
        None,
        is_truncated=True,
        requests_left=41,
        resets_after_s=61.5,
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1e300"}, LONGEST_WAIT_S),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),  # one of the clocks has jumped
        ({"retry-after": "Wed, 21 Oct 2415 07:28:00 GMT"}, LONGEST_WAIT_S),
    ],
)
def test_a_wait_is_read_and_never_absurd(headers: dict[str, str], seconds: float | None) -> None:
    assert read_wait(headers) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("6m0s", 360), ("120ms", 0.12), ("1h2m", 3600), ("7", 7), ("", None), ("x", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert read_duration(text) == seconds
