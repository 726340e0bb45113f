"""OpenAI's vision-language models, through its SDK.

`chat_completions.py` has the protocol. The SDK's retries are off, because the engine counts and
paces every attempt. The reply is read from the raw response: the SDK's response models cost more
time than the call itself.
"""

import math
import os
import re
from typing import TYPE_CHECKING, Any

from eemo_pipeline.vlm.contract import EncodedPicture, Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import ProviderProblem, Transient
from resources.providers.chat_completions import (
    Account,
    bound_text,
    build_body,
    no_key,
    read_problem,
    read_reply,
)
from resources.providers.sdks import load_openai

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEY = "OPENAI_API_KEY"
# Reasoning models accept neither temperature nor seed: both cause an error.
_REASONING = re.compile(r"(o\d|gpt-5)")

# Tokens of an image in tiles of 512 pixels: for the whole image, and per tile (OpenAI's guide
# "Images and vision", as of November 2025). Unlisted models count as the most expensive one.
_TILES = {
    "gpt-4o-mini": (2833, 5667),
    "gpt-4o": (85, 170),
    "gpt-4.1": (85, 170),
    "gpt-4.5": (85, 170),
    "gpt-5": (70, 140),
    "o1": (75, 150),
    "o3": (75, 150),
    "local-": (85, 170),
}
_DEAREST_TILES = (2833, 5667)
# Tokens per patch of 32 pixels, at most 1536 patches; the longest matching name applies.
_PATCHES = {
    "gpt-4.1-mini": 1.62,
    "gpt-4.1-nano": 2.46,
    "gpt-5-mini": 1.62,
    "gpt-5-nano": 2.46,
    "o4-mini": 1.72,
}
_MOST_PATCHES = 1536


class OpenAiVlm:
    """One OpenAI model, or a model of a server that accepts requests of OpenAI's SDK."""

    def __init__(
        self,
        model: str,
        provider: str = "openai",
        base_url: str | None = None,
        key: str | None = None,
        connections: int = 1000,
    ) -> None:
        """Store the settings; without `key`, OPENAI_API_KEY is read at the first attempt.

        Args:
            model: The model's name, with its date to pin a version.
            provider: The provider's name in costs.
            base_url: Another server; else OPENAI_BASE_URL, else OpenAI's own.
            key: A key that is not in the environment.
            connections: Maximum number of open connections.
        """
        self.provider = provider
        self.model = model
        self._base_url = base_url
        self._key = key
        self._connections = connections
        self._client: AsyncOpenAI | None = None

    async def send(self, request: VlmRequest) -> VlmReply:
        """Make one attempt.

        Raises:
            ProviderProblem: One of the subclasses in `eemo_pipeline/vlm/errors.py`.
        """
        client = self._open()
        import httpx2
        import openai

        body = request_body(request, self.model)
        try:
            # The SDK's typed method converts the whole body to its types: half of a call's time.
            response = await client.post("/chat/completions", cast_to=httpx2.Response, body=body)
        except openai.APIStatusError as error:
            raise self._read(error) from None
        except openai.APIError as error:  # connection, timeout, or a response that is not HTTP
            raise Transient(f"{type(error).__name__} from {self.provider}") from error
        return read_reply(response.content, response.headers, self._account())

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
            await client.close()

    def _open(self) -> "AsyncOpenAI":
        if self._client is None:
            load_openai()
            import httpx2
            from openai import AsyncOpenAI, DefaultAioHttpClient

            account = self._account()
            if not account.key:
                raise no_key(account)
            limits = httpx2.Limits(
                max_connections=self._connections, max_keepalive_connections=self._connections
            )
            # The engine enforces the timeout of an attempt.
            timeout = httpx2.Timeout(None, connect=10.0)
            self._client = AsyncOpenAI(
                api_key=account.key,
                base_url=self._base_url,
                max_retries=0,
                http_client=DefaultAioHttpClient(limits=limits, timeout=timeout),
                timeout=timeout,
            )
        return self._client

    def _account(self) -> Account:
        return Account(self.provider, self.model, KEY, self._key or os.environ.get(KEY))

    def _read(self, error: Any) -> ProviderProblem:
        body = error.body if error.body is not None else error.message
        return read_problem(error.status_code, error.response.headers, body, self._account())


def request_body(request: VlmRequest, model: str) -> dict[str, Any]:
    """Return the request body for OpenAI, for single calls and batches alike."""
    body = build_body(request, model)
    body["max_completion_tokens"] = request.max_output_tokens
    if _REASONING.match(model):
        body["reasoning_effort"] = "low"
    else:
        body["temperature"] = request.temperature
        if request.seed is not None:
            body["seed"] = request.seed
    return body


def picture_tokens(model: str, picture: EncodedPicture, detail: str) -> int:
    """Return the tokens that OpenAI counts for an image; "auto" counts as "high"."""
    width, height = picture.width_px, picture.height_px
    per_patch = _longest_match(model, _PATCHES)
    if per_patch is not None:
        patches = math.ceil(width / 32) * math.ceil(height / 32)
        return math.ceil(min(patches, _MOST_PATCHES) * per_patch)
    base, per_tile = _longest_match(model, _TILES) or _DEAREST_TILES
    if detail == "low":
        return base
    scale = min(1.0, 2048 / max(width, height))
    scale = min(scale, 768 / (min(width, height) * scale) * scale)
    across, down = (math.ceil(round(side * scale, 6) / 512) for side in (width, height))
    return base + per_tile * across * down


def _longest_match(model: str, table: dict[str, Any]) -> Any:
    """Return the entry of the longest matching prefix, unless the other table has a longer one."""
    names = [name for name in (*_TILES, *_PATCHES) if model.startswith(name)]
    return table.get(max(names, key=len)) if names else None
