"""Gemini's batch interface, through Google's SDK.

Requests, replies and errors are in `gemini_vlm.py`. `eemo_pipeline/vlm/batch/submission.py` chooses
the questions of a batch.

A batch carries its token in its display name. Batches of every size are sent as files, so that
there is one code path; requests in the body, up to 20 MB, would need a second. The SDK is limited
to one attempt, so that it repeats nothing on its own.
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
from resources.providers.chat_completions import LONGEST_MESSAGE, Account, no_key
from resources.providers.gemini_vlm import (
    KEY,
    GeminiVlm,
    build_config,
    build_contents,
    read_problem,
    read_reply,
)

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import BatchJob

# Gemini API, "Batch API": 2 GB per input file. It states no number of requests; our own limit
# bounds the damage of one failure.
LARGEST = BatchSize(rows=50_000, size_bytes=2_000_000_000)
_NAME = "eemo-"
_BATCH = "batches/"  # begins the names of batches; files begin with files/
_STATES: dict[str, Any] = {
    "JOB_STATE_SUCCEEDED": "completed",
    "JOB_STATE_PARTIALLY_SUCCEEDED": "completed",
    "JOB_STATE_FAILED": "failed",
    "JOB_STATE_EXPIRED": "expired",
    "JOB_STATE_CANCELLED": "cancelled",
}
# google.rpc.Code of a row -> status of HTTP, as google/rpc/code.proto maps them.
_DEADLINE_EXCEEDED = 4
_HTTP = {3: 400, 5: 404, 7: 403, 8: 429, 9: 400, 11: 400, 16: 401}


class GeminiBatches:
    """Batches of one Gemini model; implements `BatchInterface`."""

    largest = LARGEST

    def __init__(
        self,
        model: str,
        provider: str = "gemini",
        base_url: str | None = None,
        key: str | None = None,
    ) -> None:
        """Store the settings, opening no connection; the arguments are those of `GeminiVlm`."""
        self.provider = provider
        self.model = model
        self._base_url = base_url
        self._key = key
        self._client: Client | None = None

    def encode(self, key: str, request: VlmRequest) -> bytes:
        """Return the request as one line of the file."""
        line = {"key": key, "request": request_body(request, self.model)}
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on the request's tokens."""
        return GeminiVlm(self.model, self.provider).bound_tokens(request)

    def send(self, file: Path, token: str) -> str:
        """Upload the file and create the batch."""
        with self._asking() as client:
            uploaded = client.files.upload(
                file=file, config={"mime_type": "application/jsonl", "display_name": file.name}
            )
            created = client.batches.create(
                model=self.model,
                src=str(uploaded.name),
                config={"display_name": f"{_NAME}{token}"},
            )
            return str(created.name)

    def find(self, tokens: Collection[str]) -> Mapping[str, str]:
        """Return the batches among `tokens`; the provider lists the newest first."""
        found: dict[str, str] = {}
        with self._asking() as client:
            for batch in client.batches.list(config={"page_size": 100}):
                token = (batch.display_name or "").removeprefix(_NAME)
                if token in tokens and batch.name:
                    found.setdefault(token, batch.name)
                if len(found) == len(tokens):
                    break
        return found

    def look(self, remote_id: str) -> Standing:
        """Return the state of a batch."""
        from google.genai import errors

        with self._asking() as client:
            try:
                batch = client.batches.get(name=remote_id)
            except errors.ClientError as error:
                if error.code == 404:
                    return Standing("lost")
                raise
        state = batch.state.value if batch.state else ""
        result = batch.dest.file_name if batch.dest else None
        if batch.dest and batch.dest.inlined_responses:
            result = remote_id
        said = str(batch.error.message or "")[:LONGEST_MESSAGE] if batch.error else None
        results = (result,) if result else ()
        return Standing(_STATES.get(state, "open"), None, results, said=said)

    def fetch(self, result: str, into: RawIOBase) -> None:
        """Write a result file to `into`, or the results that the batch itself holds.

        Raises:
            NoResult: The file no longer exists.
        """
        from google.genai import errors

        with self._asking() as client:
            try:
                if result.startswith(_BATCH):
                    into.write(_as_lines(client.batches.get(name=result)))
                    return
                client.files.download(file=result, destination=into)
            except errors.ClientError as error:
                if error.code == 404:
                    raise NoResult("result_gone") from None
                raise

    def read(self, line: Mapping[str, Any]) -> tuple[str, VlmReply | ProviderProblem]:
        """Return the key of a line and the result of its request.

        Raises:
            Stray: The line has no key.
        """
        key = line.get("key")
        if not isinstance(key, str):
            raise Stray("no_custom_id")
        error, response = line.get("error"), line.get("response")
        if isinstance(error, Mapping):
            return key, self._read_error(error)
        if not isinstance(response, Mapping):
            return key, Transient("the line has neither response nor error")
        try:
            return key, read_reply(json.dumps(response), {}, self.model)
        except ProviderProblem as problem:
            return key, problem

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _read_error(self, error: Mapping[str, Any]) -> ProviderProblem:
        from google.genai import errors

        code = error.get("code")
        if code == _DEADLINE_EXCEEDED:
            return Expired()
        status = _HTTP.get(code, 500) if isinstance(code, int) else 500
        told = {"error": {"code": status, "message": str(error.get("message") or "")}}
        problem = read_problem(errors.APIError(status, told), self._account())
        problem.usage = Usage(0, 0)  # a row that got no response is not billed
        return problem

    @contextmanager
    def _asking(self) -> Iterator["Client"]:
        """Yield the client; translate its errors into ours."""
        import httpx2
        from google.genai import errors

        client = self._open()
        try:
            yield client
        except errors.APIError as error:
            raise read_problem(error, self._account()) from None
        except httpx2.HTTPError as error:
            raise Transient(f"{type(error).__name__} from {self.provider}") from error
        # The SDK raises these for a response with status 200 and unexpected content.
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Transient(f"the response is not understood: {type(error).__name__}") from error

    def _open(self) -> "Client":
        if self._client is None:
            from google.genai import Client, types

            account = self._account()
            if not account.key:
                raise no_key(account)
            options = types.HttpOptions(
                base_url=self._base_url, retry_options=types.HttpRetryOptions(attempts=1)
            )
            self._client = Client(api_key=account.key, vertexai=False, http_options=options)
        return self._client

    def _account(self) -> Account:
        return Account(self.provider, self.model, KEY, self._key or os.environ.get(KEY))


def _as_lines(batch: "BatchJob") -> bytes:
    """Return the results inside a batch as a result file would hold them.

    Small batches come so, whatever way their requests were sent; the key is in the metadata.
    """
    responses = (batch.dest.inlined_responses if batch.dest else None) or []
    rows = [
        response.model_dump(mode="json", by_alias=True, exclude_none=True) for response in responses
    ]
    lines = [{**row, "key": (row.get("metadata") or {}).get("key")} for row in rows]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def request_body(request: VlmRequest, model: str) -> dict[str, Any]:
    """Return the request in Gemini's protocol, identical to the SDK's body for a single call."""
    config = build_config(request, model).model_dump(
        mode="json",
        by_alias=True,
        exclude_none=True,
        exclude={"system_instruction", "automatic_function_calling", "should_return_http_response"},
    )
    contents = [
        content.model_dump(mode="json", by_alias=True, exclude_none=True)
        for content in build_contents(request)
    ]
    instruction = {"parts": [{"text": request.instruction}], "role": "user"}
    return {"contents": contents, "systemInstruction": instruction, "generationConfig": config}
