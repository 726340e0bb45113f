"""Google's Gemini models, through Google's SDK.

By default the SDK repeats a request whose connection failed, after up to ten seconds; its retry
options limit it to one attempt here. The reply is read from the raw response, without the SDK's
response models.
"""

import json
import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eemo_pipeline.vlm.contract import (
    EncodedPicture,
    Usage,
    VlmReply,
    VlmRequest,
    believe_usage,
    read_count,
)
from eemo_pipeline.vlm.errors import (
    ProviderProblem,
    RateLimited,
    Rejected,
    Transient,
    without_secrets,
)
from resources.providers.chat_completions import (
    LONGEST_MESSAGE,
    Account,
    bound_text,
    no_balance,
    no_key,
    no_model,
    no_quota,
    read_duration,
    read_wait,
    refused_key,
)
from resources.providers.sdks import load_gemini

if TYPE_CHECKING:
    from google.genai import Client

KEY = "GEMINI_API_KEY"
_TRUNCATED = "MAX_TOKENS"
_OUTPUT_COUNTS = ("candidatesTokenCount", "thoughtsTokenCount")
_COUNTS = (
    *("promptTokenCount", "toolUsePromptTokenCount", "cachedContentTokenCount"),
    *(*_OUTPUT_COUNTS, "totalTokenCount"),
)
_REFUSALS = (
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"),
    *("IMAGE_PROHIBITED_CONTENT", "LANGUAGE", "MODEL_ARMOR"),
)
# Tokens of an image (Gemini API, "Understand and count tokens" and "Media resolution"): models
# before Gemini 3 count one tile for up to 384 x 384 pixels, and tiles above that; Gemini 3 counts a
# fixed budget per image.
_TILE_TOKENS, _ONE_TILE_UP_TO = 258, 384
_SMALLEST_TILE, _LARGEST_TILE = 256, 768
_BUDGET, _LOW_BUDGET = 1120, 280


class GeminiVlm:
    """One Gemini model, or a server that accepts requests of Google's SDK."""

    def __init__(
        self,
        model: str,
        provider: str = "gemini",
        base_url: str | None = None,
        key: str | None = None,
    ) -> None:
        """Store the settings; without `key`, GEMINI_API_KEY is read at the first attempt.

        Args:
            model: The model's name.
            provider: The provider's name in costs.
            base_url: Another server; else GOOGLE_GEMINI_BASE_URL, else Google's own.
            key: A key that is not in the environment.
        """
        self.provider = provider
        self.model = model
        self._base_url = base_url
        self._key = key
        self._client: Client | None = None

    async def send(self, request: VlmRequest) -> VlmReply:
        """Make one attempt.

        Raises:
            ProviderProblem: One of the subclasses in `eemo_pipeline/vlm/errors.py`.
        """
        client = self._open()
        import aiohttp
        from google.genai import errors

        try:
            response = await client.aio.models.generate_content(
                model=self.model,
                contents=build_contents(request),
                config=build_config(request, self.model),
            )
        except errors.APIError as error:
            raise read_problem(error, self._account()) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(f"{type(error).__name__} from {self.provider}") from error
        # The SDK raises these for an unexpected response with status 200, or an error that is not a
        # JSON object.
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Transient(f"the response is not understood: {type(error).__name__}") from error
        received = response.sdk_http_response
        if received is None:
            raise Transient("the response is empty")
        return read_reply(received.body or "", received.headers or {}, self.model)

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on the attempt's tokens."""
        pictures = sum(
            picture_tokens(self.model, picture, request.detail) for picture in request.pictures
        )
        return Usage(bound_text(request) + pictures, request.max_output_tokens)

    async def close(self) -> None:
        """Close the connections; a later attempt opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aio.aclose()
            client.close()

    def _open(self) -> "Client":
        if self._client is None:
            load_gemini()
            from google.genai import Client, types

            account = self._account()
            if not account.key:
                raise no_key(account)
            options = types.HttpOptions(
                base_url=self._base_url,
                retry_options=types.HttpRetryOptions(attempts=1),
            )
            self._client = Client(api_key=account.key, vertexai=False, http_options=options)
        return self._client

    def _account(self) -> Account:
        return Account(self.provider, self.model, KEY, self._key or os.environ.get(KEY))


def build_contents(request: VlmRequest) -> list[Any]:
    """Return the user's parts, then earlier replies with their complaints, in the SDK's types."""
    from google.genai import types

    parts = [types.Part(text=request.question)]
    parts += [
        types.Part(inline_data=types.Blob(data=picture.data, mime_type=picture.media_type))
        for picture in request.pictures
    ]
    contents = [types.Content(role="user", parts=parts)]
    for turn in request.turns:
        contents += [
            types.Content(role="model", parts=[types.Part(text=turn.reply)]),
            types.Content(role="user", parts=[types.Part(text=turn.complaint)]),
        ]
    return contents


def build_config(request: VlmRequest, model: str) -> Any:
    """Return the instruction, schema and settings in the SDK's type."""
    from google.genai import types

    return types.GenerateContentConfig(
        system_instruction=request.instruction,
        temperature=request.temperature,
        seed=request.seed,
        max_output_tokens=request.max_output_tokens,
        response_mime_type="application/json",
        response_json_schema=dict(request.schema),
        media_resolution=(
            types.MediaResolution.MEDIA_RESOLUTION_LOW if request.detail == "low" else None
        ),
        thinking_config=_thinking(model),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        should_return_http_response=True,
    )


def _thinking(model: str) -> Any:
    """Return the least thinking that the model allows.

    Thinking is billed and counts towards the output limit.
    """
    from google.genai import types

    if model.startswith("gemini-2.5-pro"):
        return types.ThinkingConfig(thinking_budget=128)
    if model.startswith("gemini-2.5"):
        return types.ThinkingConfig(thinking_budget=0)
    if model.startswith("gemini-3"):
        return types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW)
    return None


def read_reply(content: str, headers: Mapping[str, str], model: str) -> VlmReply:
    """Return the reply in a response with status 200.

    Raises:
        Transient: The response violates the protocol.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        body = json.loads(content)
        blocked = (body.get("promptFeedback") or {}).get("blockReason")
        candidates = body.get("candidates") or []
        if not candidates and not blocked:
            raise Transient("the response has no candidate")
        candidate = candidates[0] if candidates else {}
        finish = str(candidate.get("finishReason") or "")
        parts = (candidate.get("content") or {}).get("parts") or []
        text, thoughts = (
            "".join(
                str(part.get("text") or "")
                for part in parts
                if bool(part.get("thought")) is is_thought
            )
            for is_thought in (False, True)
        )
        usage = _read_usage(body.get("usageMetadata"), is_empty=not (text or thoughts))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Transient(f"the response is not understood: {type(error).__name__}") from error
    refused = blocked or (finish if finish in _REFUSALS else None)
    left, resets = (lower.get(f"x-ratelimit-{what}-requests") for what in ("remaining", "reset"))
    return VlmReply(
        text=text,
        usage=usage,
        model=str(body.get("modelVersion") or model),
        refusal=None if refused is None else f"blocked: {str(refused).lower()}",
        thoughts=thoughts,
        is_truncated=finish == _TRUNCATED,
        requests_left=int(left) if left is not None and left.isdecimal() else None,
        resets_after_s=None if resets is None else read_duration(resets),
    )


def _read_usage(usage: Any, *, is_empty: bool) -> Usage | None:
    """Return the billed tokens, thoughts as output; None if they are missing or unbelievable.

    The protocol leaves out counts of 0. Whether a missing count is one, the total says.
    """
    if not isinstance(usage, Mapping):
        return None
    counts = {name: read_count(value) for name, value in usage.items() if name in _COUNTS}
    is_known = bool(counts.get("totalTokenCount")) or counts.keys() >= set(_OUTPUT_COUNTS)
    if "promptTokenCount" not in counts or None in counts.values() or not is_known:
        return None
    known = {name: count or 0 for name, count in counts.items()}
    sent = known["promptTokenCount"] + known.get("toolUsePromptTokenCount", 0)
    received = sum(known.get(name, 0) for name in _OUTPUT_COUNTS)
    received = max(received, known.get("totalTokenCount", 0) - sent)
    return believe_usage(sent, received, known.get("cachedContentTokenCount"), is_empty=is_empty)


def read_problem(error: Any, account: Account) -> ProviderProblem:
    """Classify an error of the SDK."""
    inner = error.details.get("error") if isinstance(error.details, Mapping) else None
    body = inner if isinstance(inner, Mapping) else {}
    details = [item for item in body.get("details") or () if isinstance(item, Mapping)]
    reasons = {str(item.get("reason") or "") for item in details}
    text = str(error.message or "")
    said = without_secrets(f"{error.code} {error.status or ''} {text}".strip(), account.key)
    said, lower = said[:LONGEST_MESSAGE], text.lower()
    if "API_KEY_INVALID" in reasons or "api key not valid" in lower or "api key expired" in lower:
        return refused_key(said, account)
    # "check your plan and billing details" also occurs in every message about a rate limit.
    is_about_money = "prepa" in lower or "credits are depleted" in lower
    if error.code == 402 or is_about_money or (error.code in (400, 403) and "billing" in lower):
        return no_balance(said, account)
    if error.code in (401, 403):
        return refused_key(said, account)
    if error.code == 429 and "perday" in json.dumps(details).lower():
        return no_quota(said, account)
    if error.code == 429:
        return RateLimited(said, _wait(details, error.response))
    if error.code == 404:
        return no_model(said, account)
    if error.code in (408, 409, 425, 499) or not error.code or error.code >= 500:
        return Transient(said)
    if error.code == 413 or "token count" in lower:
        return Rejected("request_too_large", said)
    # Gemini has no code for an image that it cannot read, only words.
    return Rejected("request_rejected", said)


def _wait(details: list[Mapping[str, Any]], response: Any) -> float | None:
    for item in details:
        delay = item.get("retryDelay")
        if isinstance(delay, str) and (seconds := read_duration(delay)) is not None:
            return seconds
    return read_wait(getattr(response, "headers", None) or {})


def picture_tokens(model: str, picture: EncodedPicture, detail: str) -> int:
    """Return the tokens that Gemini counts for an image; for an unknown model the larger count."""
    tiles = 1
    width, height = picture.width_px, picture.height_px
    if max(width, height) > _ONE_TILE_UP_TO and detail != "low":
        tile = min(max(min(width, height) / 1.5, _SMALLEST_TILE), _LARGEST_TILE)
        tiles = math.ceil(width / tile) * math.ceil(height / tile)
    by_tiles = tiles * _TILE_TOKENS
    by_budget = _LOW_BUDGET if detail == "low" else _BUDGET
    if model.startswith(("gemini-1", "gemini-2", "local-")):
        return by_tiles
    return by_budget if model.startswith("gemini-3") else max(by_tiles, by_budget)
