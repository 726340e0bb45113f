"""OpenAI's batch interface, through its SDK.

The request body is in `openai_vlm.py`, replies and errors in `chat_completions.py`.
`eemo_pipeline/vlm/batch/submission.py` chooses the questions of a batch.

A batch carries its token in its metadata. Only the creation of a batch must not be repeated
unnoticed, so the SDK's retries are disabled for that call alone.
"""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.vlm.batch.interface import BatchSize, Expired, NoResult, Standing, Stray
from eemo_pipeline.vlm.contract import Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import ProviderProblem, Transient
from resources.providers.chat_completions import (
    LONGEST_MESSAGE,
    Account,
    no_key,
    read_problem,
    read_reply,
)
from resources.providers.image_models import ImageModel
from resources.providers.openai_vlm import KEY, OpenAiVlm, request_body

if TYPE_CHECKING:
    from openai import OpenAI

# OpenAI's guide "Batch API": 50,000 requests and 200 MB per input file.
LARGEST = BatchSize(rows=50_000, size_bytes=200_000_000)
# A PNG of 1536 x 1024 px has up to 5 MB, 7 MB in Base64.
LARGEST_OF_IMAGES = BatchSize(50_000, 200_000_000, result_bytes=8 << 20, line_bytes=64 << 20)
_TOKEN = "eemo_token"  # noqa: S105 (names a batch, opens nothing)
_STATES: dict[str, Any] = {
    "completed": "completed",
    "failed": "failed",
    "expired": "expired",
    "cancelled": "cancelled",
}
_BLOCK = 1 << 16


class OpenAiBatches:
    """Batches of one OpenAI model; implements `BatchInterface`."""

    largest = LARGEST
    path = "/v1/chat/completions"

    def __init__(
        self,
        model: str,
        provider: str = "openai",
        base_url: str | None = None,
        key: str | None = None,
    ) -> None:
        """Store the settings, opening no connection; the arguments are those of `OpenAiVlm`."""
        self.provider = provider
        self.model = model
        self._base_url = base_url
        self._key = key
        self._client: OpenAI | None = None

    def encode(self, key: str, request: VlmRequest) -> bytes:
        """Return the request as one line of the file."""
        body = self.body(request)
        line = {"custom_id": key, "method": "POST", "url": self.path, "body": body}
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def body(self, request: VlmRequest) -> dict[str, Any]:
        """Return the body of a request."""
        return request_body(request, self.model)

    def read_body(self, body: Any) -> VlmReply:
        """Return the reply in the body of a response with status 200.

        Raises:
            ProviderProblem: The body is an error, or no response.
        """
        return read_reply(json.dumps(body).encode(), {}, self._account())

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on the request's tokens."""
        return OpenAiVlm(self.model, self.provider).bound_tokens(request)

    def send(self, file: Path, token: str) -> str:
        """Upload the file and create the batch."""
        with self._asking() as client:
            uploaded = client.files.create(file=file, purpose="batch")
            created = client.with_options(max_retries=0).batches.create(
                input_file_id=uploaded.id,
                endpoint=self.path,  # pyright: ignore[reportArgumentType]
                completion_window="24h",
                metadata={_TOKEN: token},
            )
            return created.id

    def find(self, tokens: Collection[str]) -> Mapping[str, str]:
        """Return the batches among `tokens`; the provider lists the newest first."""
        found: dict[str, str] = {}
        with self._asking() as client:
            for batch in client.batches.list(limit=100):
                token = (batch.metadata or {}).get(_TOKEN)
                if token and token in tokens:
                    found.setdefault(token, batch.id)
                if len(found) == len(tokens):
                    break
        return found

    def look(self, remote_id: str) -> Standing:
        """Return the state of a batch."""
        import openai

        with self._asking() as client:
            try:
                batch = client.batches.retrieve(remote_id)
            except openai.NotFoundError:
                return Standing("lost")
        results = tuple(name for name in (batch.output_file_id, batch.error_file_id) if name)
        errors = (batch.errors.data if batch.errors else None) or []
        counts = batch.request_counts
        return Standing(
            _STATES.get(batch.status, "open"),
            str(errors[0].code or "batch_failed")[:80] if errors else None,
            results,
            counts.completed + counts.failed if counts else 0,
            str(errors[0].message or "")[:LONGEST_MESSAGE] if errors else None,
        )

    def fetch(self, result: str, into: RawIOBase) -> None:
        """Write a result file to `into`.

        Raises:
            NoResult: The file no longer exists.
        """
        import openai

        with self._asking() as client:
            try:
                with client.files.with_streaming_response.content(result) as response:
                    for block in response.iter_bytes(_BLOCK):
                        into.write(block)
            except openai.NotFoundError:
                raise NoResult("result_gone") from None

    def read(self, line: Mapping[str, Any]) -> tuple[str, VlmReply | ProviderProblem]:
        """Return the key of a line and the result of its request.

        Raises:
            Stray: The line has no key.
        """
        key = line.get("custom_id")
        if not isinstance(key, str):
            raise Stray("no_custom_id")
        return key, self._read_result(line)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _read_result(self, line: Mapping[str, Any]) -> VlmReply | ProviderProblem:
        error, response = line.get("error"), line.get("response")
        if isinstance(error, Mapping):
            if error.get("code") == "batch_expired":
                return Expired()
            return _free(read_problem(500, {}, line, self._account()))
        if not isinstance(response, Mapping):
            return Transient("the line has neither response nor error")
        status, body = response.get("status_code"), response.get("body")
        if status != 200:
            code = status if isinstance(status, int) else 500
            return _free(read_problem(code, {}, body, self._account()))
        try:
            return self.read_body(body)
        except ProviderProblem as problem:
            return problem

    @contextmanager
    def _asking(self) -> Iterator["OpenAI"]:
        """Yield the client; translate its errors into ours."""
        import httpx2
        import openai

        client = self._open()
        try:
            yield client
        except openai.APIStatusError as error:
            body = error.body if error.body is not None else error.message
            headers = error.response.headers
            raise read_problem(error.status_code, headers, body, self._account()) from None
        except (openai.APIError, httpx2.HTTPError) as error:
            raise Transient(f"{type(error).__name__} from {self.provider}") from error
        # The SDK raises these for a response with status 200 and unexpected content.
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Transient(f"the response is not understood: {type(error).__name__}") from error

    def _open(self) -> "OpenAI":
        if self._client is None:
            from openai import OpenAI

            account = self._account()
            if not account.key:
                raise no_key(account)
            self._client = OpenAI(api_key=account.key, base_url=self._base_url)
        return self._client

    def _account(self) -> Account:
        return Account(self.provider, self.model, KEY, self._key or os.environ.get(KEY))


class OpenAiImageBatches(OpenAiBatches):
    """Batches of one image model of OpenAI; the results hold the images."""

    largest = LARGEST_OF_IMAGES
    path = "/v1/images/generations"

    def body(self, request: VlmRequest) -> dict[str, Any]:
        """Return the body of a request."""
        return self._image_model().body(request)

    def read_body(self, body: Any) -> VlmReply:
        """Return the image; a batch brings no address, since none would live so long."""
        found = self._image_model().read(body)
        if isinstance(found, VlmReply):
            return found
        raise Transient("the row holds an address instead of an image")

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on what the request is billed for."""
        return self._image_model().bound_tokens(request)

    def _image_model(self) -> ImageModel:
        return ImageModel(self.model, self.provider, self._base_url)


def is_image_model(model: str) -> bool:
    """Return whether OpenAI's model of that name makes images."""
    return model.startswith(("gpt-image", "chatgpt-image", "local-painter"))


def _free(problem: ProviderProblem) -> ProviderProblem:
    """Mark a row that got no response as not billed."""
    problem.usage = Usage(0, 0)
    return problem
