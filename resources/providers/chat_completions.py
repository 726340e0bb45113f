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

from eemo_pipeline.vlm.contract import (
    EncodedPicture,
    Usage,
    VlmReply,
    VlmRequest,
    believe_usage,
    read_count,
)
from eemo_pipeline.vlm.errors import (
    CredentialProblem,
    PictureRefused,
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
# Codes and words of an account that is used up: OpenAI, DeepSeek, Moonshot, DashScope, xAI,
# Anthropic, SiliconFlow.
_NO_BALANCE = frozenset(
    (
        *("insufficient_quota", "billing_not_active", "billing_hard_limit_reached"),
        *("insufficient_balance", "exceeded_current_quota_error", "arrearage"),
    )
)
_NO_BALANCE_WORDS = re.compile(
    r"(insufficient|not enough|out of|no more|used all)[\w\s]{0,20}(balance|credit|funds)"
    r"|(balance|credits?)[\w\s]{0,30}(insufficient|too low|not enough|used up|depleted|exhausted)"
    r"|arrearage|overdue.payment|in good standing|add (more )?credits|余额不足",
    re.IGNORECASE,
)
_OF_A_DAY = re.compile(r"per[-_ ]?day|daily|\b[RT]PD\b", re.IGNORECASE)
_FLAGGED = re.compile(r"flagged|moderation|violates|content.policy|safety", re.IGNORECASE)
# Codes that speak of this very image -> the reason of the refusal: OpenAI, Azure, DashScope, Zhipu,
# Volcengine.
_REFUSALS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("content_policy_violation", "image_content_policy_violation", "content_filter"),
            *("moderation_blocked", "data_inspection_failed", "datainspectionfailed", "1301"),
            *("sensitivecontentdetected", "inputimagesensitivecontentdetected"),
        ),
        "content_filter",
    ),
    **dict.fromkeys(
        (
            *("invalid_image", "invalid_image_format", "invalid_base64_image", "empty_image_file"),
            *("image_parse_error", "image_too_large", "image_too_small", "image_file_too_large"),
        ),
        "picture_rejected",
    ),
}


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


def read_reply(content: bytes, headers: Mapping[str, str], account: Account) -> VlmReply:
    """Return the reply in a response with status 200.

    Raises:
        ProviderProblem: The response reports an error, as some servers do with status 200; a
            Transient one violates the protocol.
    """
    try:
        body = json.loads(content)
        _require_no_error(body, headers, account)
        choice = body["choices"][0]
        _require_no_error(choice, headers, account)
        message = choice["message"]
        text, refusal = message.get("content") or "", message.get("refusal")
        thoughts = message.get("reasoning_content") or message.get("reasoning") or ""
        finish = choice.get("finish_reason")
        usage = _read_usage(body.get("usage"), is_empty=not (text or thoughts))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        words = " ".join(content[:LONGEST_MESSAGE].decode("utf-8", "replace").split())
        said = without_secrets(words, account.key)
        raise Transient(f"no chat completion ({type(error).__name__}): {said}") from error
    if finish == "content_filter" and not refusal:
        refusal = "stopped by the content filter"
    resets = headers.get("x-ratelimit-reset-requests")
    return VlmReply(
        text=_plain_text(text),
        usage=usage,
        model=str(body.get("model") or account.model),
        refusal=str(refusal) if refusal else None,
        thoughts=_plain_text(thoughts),
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


def _require_no_error(part: Any, headers: Mapping[str, str], account: Account) -> None:
    """Raise the error that a body or a choice with status 200 holds: LM Studio, OpenRouter."""
    if not isinstance(part, Mapping) or not part.get("error"):
        return
    error = part["error"]
    code = error.get("code") if isinstance(error, Mapping) else None
    status = code if isinstance(code, int) and 400 <= code <= 599 else 500
    raise read_problem(status, headers, part, account)


def _read_usage(usage: Any, *, is_empty: bool) -> Usage | None:
    """Return the billed tokens; None if they are missing or cannot be believed.

    xAI and Gemini's compatible server count thoughts in the total alone.
    """
    if not isinstance(usage, Mapping):
        return None
    sent, received, total = (
        read_count(usage.get(name))
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    if sent is not None and received is not None:
        received = max(received, (total or 0) - sent)
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
    return believe_usage(sent, received, read_count(cached), is_empty=is_empty)


def read_problem(
    status: int, headers: Mapping[str, str], body: Any, account: Account
) -> ProviderProblem:
    """Classify a response with an error status; `body` is its JSON or its text."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    code, kind, message, metadata = "", "", error, {}
    if isinstance(error, Mapping):
        code, kind = str(error.get("code") or ""), str(error.get("type") or "")
        message = error.get("message") or error.get("detail") or dict(error)
        metadata = error["metadata"] if isinstance(error.get("metadata"), Mapping) else {}
    # OpenRouter puts the words of the provider behind it into `raw`.
    words = " ".join(f"{status} {code} {message} {metadata.get('raw') or ''}".split())
    said = without_secrets(words, account.key)[:LONGEST_MESSAGE]
    codes = {code.lower(), kind.lower()}
    if status == 402 or codes & _NO_BALANCE or (status < 500 and _NO_BALANCE_WORDS.search(words)):
        return no_balance(said, account)
    if refusals := [_REFUSALS[name] for name in sorted(codes) if name in _REFUSALS]:
        return PictureRefused(refusals[0], said)
    if status == 403 and "reasons" in metadata:  # OpenRouter's moderation
        return PictureRefused("content_filter", said)
    if status == 403 and _FLAGGED.search(words):
        return Rejected("content_filter", said)
    if status in (401, 403):
        return refused_key(said, account)
    if status == 429:
        return no_quota(said, account) if _OF_A_DAY.search(words) else _slow_down(said, headers)
    if status == 404:
        return no_model(said, account)
    if status in (408, 409, 425) or status >= 500:
        return Transient(said)
    is_large = status == 413 or "context_length" in words or "too large" in words
    return Rejected("request_too_large" if is_large else "request_rejected", said)


def _slow_down(said: str, headers: Mapping[str, str]) -> RateLimited:
    return RateLimited(said, read_wait(headers))


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


def no_quota(said: str, account: Account) -> CredentialProblem:
    """Return the error for a quota per day that is used up: no wait of this run brings it back."""
    return CredentialProblem(
        f"the quota per day of the {account.provider} account is used up: {said}",
        account.variable,
        f"run the same command again on the next day, or raise the quota at {account.provider}",
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
