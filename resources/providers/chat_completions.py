"""OpenAI's chat-completions protocol, shared by its own API and by compatible servers.

Request bodies, replies and errors. `openai_vlm.py` sends requests with the SDK and
`compatible_vlm.py` without it.

Server replies are untrusted: fields of the wrong type are a server fault, never a crash.
"""

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from eemo_pipeline.vlm.contract import EncodedPicture, Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import (
    CredentialProblem,
    ProviderProblem,
    RateLimited,
    Rejected,
    Transient,
    without_secrets,
)

# Longer waits are cut to this, because a server's clock may jump, as ours may.
LONGEST_WAIT_S = 3600.0
LONGEST_MESSAGE = 300
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NO_BALANCE = ("insufficient_quota", "billing_not_active", "billing_hard_limit_reached")


@dataclass(frozen=True)
class Account:
    """The facts an error message needs to name the remedy, and the key it must not show.

    Attributes:
        provider: The provider's name.
        model: The requested model.
        variable: The environment variable that holds the key.
        key: The key, never shown; None if there is none.
    """

    provider: str
    model: str
    variable: str
    key: str | None = None


def build_body(request: VlmRequest, model: str) -> dict[str, Any]:
    """Return the part of a request common to all servers of this protocol, with a strict schema."""
    content: list[dict[str, Any]] = [{"type": "text", "text": request.question}]
    content += [
        {"type": "image_url", "image_url": {"url": data_url(picture), "detail": request.detail}}
        for picture in request.pictures
    ]
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": request.instruction},
        {"role": "user", "content": content},
    ]
    for turn in request.turns:
        messages += [
            {"role": "assistant", "content": turn.reply},
            {"role": "user", "content": turn.complaint},
        ]
    schema = {"name": request.schema_name, "strict": True, "schema": dict(request.schema)}
    return {
        "model": model,
        "messages": messages,
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def data_url(picture: EncodedPicture) -> str:
    """Return the image as a data URL."""
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode('ascii')}"


def bound_text(request: VlmRequest) -> int:
    """Return an upper bound on the text tokens of a request.

    No byte-level tokeniser produces more tokens than bytes. The schema counts, because servers show
    it to the model; each message adds some marker tokens.
    """
    texts = [request.instruction, request.question, json.dumps(dict(request.schema))]
    for turn in request.turns:
        texts += [turn.reply, turn.complaint]
    return sum(len(text.encode("utf-8", "replace")) for text in texts) + 16 * (len(texts) + 1)


def read_reply(content: bytes, headers: Mapping[str, str], model: str) -> VlmReply:
    """Return the reply in a response with status 200.

    Raises:
        Transient: The response violates the protocol.
    """
    try:
        body = json.loads(content)
        choice = body["choices"][0]
        message = choice["message"]
        text, refusal = message.get("content") or "", message.get("refusal")
        finish = choice.get("finish_reason")
        usage = _read_usage(body.get("usage"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Transient(f"the response is no chat completion: {type(error).__name__}") from error
    if finish == "content_filter" and not refusal:
        refusal = "stopped by the content filter"
    resets = headers.get("x-ratelimit-reset-requests")
    return VlmReply(
        text=_plain_text(text),
        usage=usage,
        model=str(body.get("model") or model),
        refusal=str(refusal) if refusal else None,
        is_truncated=finish == "length",
        requests_left=_whole(headers.get("x-ratelimit-remaining-requests")),
        resets_after_s=None if resets is None else read_duration(resets),
    )


def _plain_text(content: Any) -> str:
    """Return the text of a message; some servers send it in parts."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return str(content)


def _read_usage(usage: Any) -> Usage:
    """Return the billed tokens.

    Raises:
        Transient: The response contains no usage; its cost then counts as the upper bound.
    """
    if not isinstance(usage, Mapping):
        raise Transient("the response does not say how many tokens were used")
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
    return Usage(int(usage["prompt_tokens"]), int(usage["completion_tokens"]), int(cached or 0))


def read_problem(
    status: int, headers: Mapping[str, str], body: Any, account: Account
) -> ProviderProblem:
    """Classify a response with an error status; `body` is its JSON or its text."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    code, kind, message = "", "", error
    if isinstance(error, Mapping):
        code, kind = str(error.get("code") or ""), str(error.get("type") or "")
        message = error.get("message") or error.get("detail") or ""
    said = without_secrets(f"{status} {code} {message}".strip(), account.key)[:LONGEST_MESSAGE]
    if status == 402 or code in _NO_BALANCE or kind in _NO_BALANCE:
        return no_balance(said, account)
    if status in (401, 403):
        return refused_key(said, account)
    if status == 429:
        return RateLimited(said, read_wait(headers))
    if status == 404:
        return no_model(said, account)
    if status in (408, 409, 425) or status >= 500:
        return Transient(said)
    return Rejected(_reason(f"{code} {kind} {message}".lower(), status), said)


def _reason(said: str, status: int) -> str:
    if "content_policy" in said or "content_filter" in said or "safety" in said:
        return "content_filter"
    if status == 413 or "context_length" in said or "too large" in said:
        return "request_too_large"
    if "image" in said or "picture" in said:
        return "picture_rejected"
    return "request_rejected"


def no_key(account: Account) -> CredentialProblem:
    """Return the error for a missing key."""
    return CredentialProblem(
        f"{account.provider} needs a key, and {account.variable} is not set",
        account.variable,
        f"put the key into the environment: export {account.variable}=...",
    )


def refused_key(said: str, account: Account) -> CredentialProblem:
    """Return the error for a key that is wrong, revoked or not allowed to use the model."""
    return CredentialProblem(
        f"{account.provider} does not accept the key in {account.variable}: {said}",
        account.variable,
        f"put a valid key into {account.variable}, or ask {account.provider} for its rights",
    )


def no_balance(said: str, account: Account) -> CredentialProblem:
    """Return the error for an account without balance."""
    return CredentialProblem(
        f"the balance of the {account.provider} account is used up: {said}",
        account.variable,
        f"pay into the account of the key in {account.variable}, or name another key there",
    )


def no_model(said: str, account: Account) -> CredentialProblem:
    """Return the error for a model that does not exist, for this key or at all."""
    return CredentialProblem(
        f"{account.provider} has no model {account.model}: {said}",
        "EEMO_PROVIDERS",
        f"name a model that it has: {account.provider}:MODEL in --providers or EEMO_PROVIDERS",
    )


def read_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks to wait; None if it does not say."""
    milliseconds = headers.get("retry-after-ms")
    if milliseconds is not None and (found := _number(milliseconds)) is not None:
        return _believable(found / 1000)
    value = headers.get("retry-after")
    if value is None:
        return None
    if (seconds := _number(value)) is not None:
        return _believable(seconds)
    try:
        return _believable(parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def read_duration(text: str) -> float | None:
    """Return the seconds of "1s", "6m0s", "120ms" or a plain number; None for any other text."""
    if (seconds := _number(text)) is not None:
        return _believable(seconds)
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return _believable(sum(float(number) * _SECONDS[unit] for number, unit in parts))


def _believable(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value else None  # not a number


def _whole(text: str | None) -> int | None:
    value = None if text is None else _number(text)
    return None if value is None or abs(value) > 1e12 else int(value)
