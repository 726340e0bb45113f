"""Image models behind OpenAI's images endpoint: OpenAI's own, and any compatible server.

POST /images/generations with a prompt, a size and, where the server takes one, a seed; the image
comes back in Base64, or as an address that is fetched at once. No SDK: the request is one block of
bytes. Errors are those of `chat_completions.py`.
"""

import base64
import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eemo_pipeline.vlm.contract import ImageRequest, Usage, VlmReply, VlmRequest, read_count
from eemo_pipeline.vlm.errors import CredentialProblem, Transient, without_secrets
from resources.providers.chat_completions import (
    LONGEST_MESSAGE,
    Account,
    no_key,
    read_problem,
)
from resources.providers.compatible_vlm import BASE_URL, find_proxy
from resources.providers.compatible_vlm import KEY as COMPATIBLE_KEY
from resources.providers.http_responses import as_json, read_limited
from resources.providers.openai_vlm import KEY as OPENAI_KEY

if TYPE_CHECKING:
    from aiohttp import ClientSession

# provider -> its address, None for the environment's; the variables of address and key; whether a
# call without a key is pointless
ENDPOINTS: dict[str, tuple[str | None, str, str, bool]] = {
    "openai": ("https://api.openai.com/v1", "OPENAI_BASE_URL", OPENAI_KEY, True),
    "compatible": (None, BASE_URL, COMPATIBLE_KEY, False),
}
_ELSEWHERE = (None, BASE_URL, COMPATIBLE_KEY, True)
_LARGEST_RESPONSE = 64 * 2**20
# Tokens of an image of gpt-image-1 at high quality (OpenAI's guide "Image generation"): 1024 x 1024
# has 4160, the larger sizes up to 6240. Others count by their area, never as fewer.
_TOKENS_OF_A_SQUARE, _MOST_TOKENS, _SQUARE = 4160, 6240, 1024 * 1024
# Models of OpenAI that take no seed and always answer in Base64.
_GPT_IMAGE = re.compile(r"(gpt-image|chatgpt-image)")
_DALL_E = re.compile(r"dall-e")


class ImageModel:
    """One image model of one provider; implements `VisionLanguageModel` for prompts alone.

    The text of its reply is the image in Base64.
    """

    def __init__(
        self,
        model: str,
        provider: str,
        base_url: str | None = None,
        *,
        key: str | None = None,
        is_billed_by_image: bool = False,
    ) -> None:
        """Store the settings; address and key are read from the environment at the first attempt.

        Args:
            model: The model's name on the server.
            provider: A provider of ENDPOINTS, or another name in costs for the address given.
            base_url: The address including the version; None for the provider's.
            key: A key that is not in the environment.
            is_billed_by_image: Whether a reply that names no tokens costs its image alone.
        """
        self.provider = provider
        self.model = model
        known, self._place, self._variable, self._needs_key = ENDPOINTS.get(provider, _ELSEWHERE)
        self._base_url = base_url or os.environ.get(self._place) or known
        self._key = key
        self._is_billed_by_image = is_billed_by_image
        self._session: ClientSession | None = None

    async def send(self, request: VlmRequest) -> VlmReply:
        """Make one attempt.

        Raises:
            ProviderProblem: One of the subclasses in `eemo_pipeline/vlm/errors.py`.
        """
        import aiohttp

        account = self._account()
        if self._needs_key and not account.key:
            raise no_key(account)
        headers = {"Content-Type": "application/json"}
        if account.key:
            headers["Authorization"] = f"Bearer {account.key}"
        try:
            async with self._open().post(
                self._address(), data=json.dumps(self.body(request)).encode(), headers=headers
            ) as response:
                content = await read_limited(response, _LARGEST_RESPONSE)
            if response.status != 200:
                raise read_problem(response.status, response.headers, as_json(content), account)
            return await self._read(content, account)
        # ValueError: an invalid address; OSError: a connection refused below aiohttp.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Transient(f"{type(error).__name__} from {self.provider}") from error

    def body(self, request: VlmRequest) -> dict[str, Any]:
        """Return the request's JSON, for single calls and batches alike."""
        size, quality = _wish(request)
        body = {"model": self.model, "prompt": request.question, "n": 1}
        body["size"] = f"{size[0]}x{size[1]}"
        if quality:
            body["quality"] = quality
        if not _GPT_IMAGE.match(self.model):
            body["response_format"] = "b64_json"
            if not _DALL_E.match(self.model) and request.seed is not None:
                body["seed"] = request.seed
        return body

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on what an attempt is billed for."""
        (width, height), _ = _wish(request)
        by_area = -(-_TOKENS_OF_A_SQUARE * width * height // _SQUARE)
        sent = len(request.question.encode("utf-8", "replace")) + 16
        return Usage(sent, max(_MOST_TOKENS, by_area), 0, 1)

    async def close(self) -> None:
        """Close the connections; a later attempt opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def read(self, body: Any) -> VlmReply | str:
        """Return the reply in a response's JSON, or the address of an image that is to be fetched.

        Raises:
            ProviderProblem: The JSON is an error, as some servers send with status 200, or no
                response of an images endpoint.
        """
        if isinstance(body, Mapping) and body.get("error"):
            raise read_problem(500, {}, body, self._account())
        if not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
            raise Transient("the response holds no list of images")
        usage = self._usage(body.get("usage"))
        first = body["data"][0] if body["data"] else {}
        if not isinstance(first, Mapping) or not (first.get("b64_json") or first.get("url")):
            return VlmReply("", usage, self.model, refusal="no image came back")
        if first.get("b64_json"):
            return VlmReply(str(first["b64_json"]), usage, self.model)
        return str(first["url"])

    async def _read(self, content: bytes, account: Account) -> VlmReply:
        body = as_json(content)
        if isinstance(body, str):
            words = " ".join(body.split())[:LONGEST_MESSAGE]
            raise Transient(f"no image: {without_secrets(words, account.key)}")
        found = self.read(body)
        if isinstance(found, VlmReply):
            return found
        # The address is the server's own word about what was paid for, so it is fetched as it
        # stands, with the same connections and bound, and without the key.
        async with self._open().get(found) as response:
            image = await read_limited(response, _LARGEST_RESPONSE)
        if response.status != 200:
            raise Transient(f"the image's address answers {response.status}")
        return VlmReply(
            base64.b64encode(image).decode(), self._usage(body.get("usage")), self.model
        )

    def _usage(self, usage: Any) -> Usage | None:
        told = usage if isinstance(usage, Mapping) else {}
        sent, received = (read_count(told.get(name)) for name in ("input_tokens", "output_tokens"))
        if sent and received:
            return Usage(sent, received, 0, 1)
        return Usage(sent or 0, received or 0, 0, 1) if self._is_billed_by_image else None

    def _account(self) -> Account:
        key = self._key or os.environ.get(self._variable)
        return Account(self.provider, self.model, self._variable, key)

    def _address(self) -> str:
        if not self._base_url:
            raise CredentialProblem(
                f"{self.provider} needs the address of a server, and {self._place} is not set",
                self._place,
                f"name it, up to its version: export {self._place}=http://127.0.0.1:8000/v1",
            )
        return f"{self._base_url.rstrip('/')}/images/generations"

    def _open(self) -> "ClientSession":
        if self._session is None:
            import aiohttp

            # The engine enforces the timeout of an attempt.
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                proxy=find_proxy(self._address()),
            )
        return self._session


def _wish(request: VlmRequest) -> tuple[tuple[int, int], str | None]:
    """Return size and quality of the wanted image."""
    if not isinstance(request, ImageRequest):
        raise TypeError("an image model is asked for images; this request wants a text")
    return request.size, request.quality
