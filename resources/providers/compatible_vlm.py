"""Any server with OpenAI's chat completions, by its address: vLLM, Qwen-VL, DeepSeek.

This module has the transport and the deviations of such servers; `chat_completions.py` has the
protocol. It uses no SDK: sending one block of bytes over a plain connection is the cheapest way.
"""

import json
import math
import os
from typing import TYPE_CHECKING
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
from resources.providers.http_responses import as_json, read_limited

if TYPE_CHECKING:
    from aiohttp import ClientSession

KEY = "EEMO_COMPATIBLE_API_KEY"
BASE_URL = "EEMO_COMPATIBLE_BASE_URL"
# json_schema if the server can enforce a schema, json_object if it cannot.
REPLY_FORMAT = "EEMO_COMPATIBLE_REPLY_FORMAT"
_LARGEST_RESPONSE = 8 * 2**20
# The finest patch grid among the open models, in pixels; some models merge patches.
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
        """Store the settings; address and key are read from the environment at the first attempt.

        Args:
            model: The model's name on the server.
            provider: The provider's name in costs.
            base_url: The address including the version, such as http://127.0.0.1:8000/v1.
            key: A key that is not in the environment; many servers need none.
            connections: Maximum number of open connections.
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
            ProviderProblem: One of the subclasses in `eemo_pipeline/vlm/errors.py`.
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
                content = await read_limited(response, _LARGEST_RESPONSE)
        # ValueError: an invalid address; OSError: a connection refused below aiohttp.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Transient(f"{type(error).__name__} from {self.provider}") from error
        account = Account(self.provider, self.model, KEY, key)
        if response.status != 200:
            raise read_problem(response.status, response.headers, as_json(content), account)
        return read_reply(content, response.headers, account)

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on the attempt's tokens."""
        pictures = sum(picture_tokens(picture) for picture in request.pictures)
        return Usage(bound_text(request) + pictures, request.max_output_tokens)

    async def close(self) -> None:
        """Close the connections; a later attempt opens new ones."""
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

            # The engine enforces the timeout of an attempt.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                proxy=find_proxy(self._address()),
            )
        return self._session


def find_proxy(url: str) -> str | None:
    """Return the environment's proxy for an address.

    aiohttp's own `trust_env` does this lookup in a thread for every request, which costs as much as
    everything else in the request.
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


def picture_tokens(picture: EncodedPicture) -> int:
    """Return an upper bound on an image's tokens: one per patch of the finest grid."""
    across, down = (math.ceil(side / _PATCH_PX) for side in (picture.width_px, picture.height_px))
    return across * down + _PICTURE_MARKS
