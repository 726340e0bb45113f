"""Any server that speaks OpenAI's chat completions: vLLM, Qwen-VL, DeepSeek, by its address.

Belongs here: the transport, and what such servers leave out of the protocol. Does not belong
here: the protocol (`chat_completions.py`), prompts, retries, prices.

No SDK: the request is one block of bytes over a plain connection, the cheapest way there is.
"""

import json
import math
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from eemo_pipeline.vlm.contract import EncodedPicture, Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import CredentialProblem, Transient
from resources.providers.chat_completions import (
    Account,
    bound_text,
    build_body,
    read_problem,
    read_reply,
)

if TYPE_CHECKING:
    from aiohttp import ClientSession

KEY = "EEMO_COMPATIBLE_API_KEY"
BASE_URL = "EEMO_COMPATIBLE_BASE_URL"
# json_schema where the server holds the model to a schema, json_object where it cannot.
REPLY_FORMAT = "EEMO_COMPATIBLE_REPLY_FORMAT"
_LARGEST_RESPONSE = 8 * 2**20
# The finest grid of patches among the open models, in pixels; they merge patches, if anything.
_PATCH_PX = 14
_PICTURE_MARKS = 64


class CompatibleVlm:
    """One model of a server that speaks OpenAI's protocol."""

    def __init__(
        self,
        model: str,
        provider: str = "compatible",
        base_url: str | None = None,
        key: str | None = None,
        connections: int = 1000,
    ) -> None:
        """Nothing is opened; address and key are read from the environment at the first attempt.

        Args:
            model: the model's name on the server.
            provider: the name in costs.
            base_url: the address up to and with the version, as http://127.0.0.1:8000/v1.
            key: a key that is not in the environment; many servers need none.
            connections: open at the same time, at most.
        """
        self.provider = provider
        self.model = model
        self._base_url = base_url
        self._key = key
        self._connections = connections
        self._session: ClientSession | None = None

    async def send(self, request: VlmRequest) -> VlmReply:
        """Make one attempt.

        Raises:
            ProviderProblem: as `eemo_pipeline.vlm.errors` divides them.
        """
        import aiohttp

        url, key = self._address(), self._key or os.environ.get(KEY)
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            async with self._open().post(
                url, data=_encode(request, self.model), headers=headers
            ) as response:
                content = await _read_limited(response)
        # ValueError: an address that is none; OSError: a connection refused below aiohttp.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Transient(f"{type(error).__name__} from {self.provider}") from error
        if response.status != 200:
            account = Account(self.provider, self.model, KEY, key)
            raise read_problem(response.status, response.headers, _as_json(content), account)
        return read_reply(content, response.headers, self.model)

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Tokens that the attempt may cost at most."""
        pictures = sum(picture_tokens(picture) for picture in request.pictures)
        return Usage(bound_text(request) + pictures, request.max_output_tokens)

    async def close(self) -> None:
        """Give the connections back; a later attempt opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _address(self) -> str:
        base_url = self._base_url or os.environ.get(BASE_URL)
        if not base_url:
            raise CredentialProblem(
                f"{self.provider} needs the address of a server, and {BASE_URL} is not set",
                BASE_URL,
                f"name it, up to its version: export {BASE_URL}=http://127.0.0.1:8000/v1",
            )
        return f"{base_url.rstrip('/')}/chat/completions"

    def _open(self) -> "ClientSession":
        if self._session is None:
            import aiohttp

            # The engine decides how long an attempt may take.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                proxy=_find_proxy(self._address()),
            )
        return self._session


def _find_proxy(url: str) -> str | None:
    """The proxy that the environment names for an address.

    aiohttp's own `trust_env` looks it up in a thread for every request, at the price of the rest.
    """
    address = urlsplit(url)
    if not address.hostname or proxy_bypass(address.hostname):
        return None
    return getproxies().get(address.scheme)


def _encode(request: VlmRequest, model: str) -> bytes:
    body = build_body(request, model)
    body["max_tokens"] = request.max_output_tokens
    body["temperature"] = request.temperature
    if request.seed is not None:
        body["seed"] = request.seed
    if os.environ.get(REPLY_FORMAT) == "json_object":
        body["response_format"] = {"type": "json_object"}
        schema = json.dumps(dict(request.schema))
        body["messages"][0]["content"] += f"\n\nReply with one object of this JSON Schema: {schema}"
    return json.dumps(body).encode()


async def _read_limited(response: Any) -> bytes:
    content = bytearray()
    while chunk := await response.content.readany():
        content += chunk
        if len(content) > _LARGEST_RESPONSE:
            raise Transient(f"the response is longer than {_LARGEST_RESPONSE} bytes")
    return bytes(content)


def _as_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content[:1000].decode("utf-8", "replace")


def picture_tokens(picture: EncodedPicture) -> int:
    """Tokens of a picture at most: one per patch of the finest grid."""
    across, down = (math.ceil(side / _PATCH_PX) for side in (picture.width_px, picture.height_px))
    return across * down + _PICTURE_MARKS
