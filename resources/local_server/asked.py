"""Requests, answers and problems in the form shared by both protocols.

The JSON of the protocols is in `openai_wire.py` and `gemini_wire.py`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Any, Literal

Finish = Literal["stop", "length", "refusal", "content_filter"]


@dataclass(frozen=True, slots=True)
class SentPicture:
    """An image of a request, not yet decoded.

    Attributes:
        base64: Its bytes as received, in the standard or the URL-safe alphabet.
        detail: The requested detail level, "auto" by default.
    """

    base64: str
    detail: str = "auto"


@dataclass(frozen=True, slots=True)
class Wish:
    """A wanted image.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        seed: The request's seed; 0 if it has none.
    """

    width: int
    height: int
    seed: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a model.

    Attributes:
        provider: local_openai or local_gemini; selects the price list.
        model: The model's name in the request.
        texts: All texts of the conversation, in order.
        pictures: All images of the conversation, in order.
        schema: JSON Schema of the reply; None for free text.
        schema_text: The schema as compact JSON; empty for free text.
        max_output_tokens: None if the request sets no limit.
        digest: Hash of the received bytes; equal requests have equal digests.
        wish: The wanted image; None where a text is wanted.
    """

    provider: str
    model: str
    texts: tuple[str, ...]
    pictures: tuple[SentPicture, ...]
    schema: Mapping[str, Any] | None
    schema_text: str
    max_output_tokens: int | None
    digest: bytes
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one answer, counted by the rule in `tokens.py`; images are part of the input."""

    text_input: int
    picture_input: int
    output: int
    images: int = 0

    @property
    def input(self) -> int:
        """All input tokens."""
        return self.text_input + self.picture_input


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer.

    Attributes:
        text: The reply, or the refusal text.
        finish: The reason why it ended.
        kind: The outcome in the account: ok, or the fault that spoilt the answer.
    """

    text: str
    finish: Finish = "stop"
    kind: str = "ok"


class Problem(Exception):
    """A request that gets no answer of a model: an HTTP error of the protocol.

    Attributes:
        kind: A key of `PROBLEMS` of the protocols.
        message: Text for people.
        retry_after_s: Seconds to wait; None if not stated.
    """

    def __init__(self, kind: str, message: str, retry_after_s: float | None = None) -> None:
        """Keep the parts; the protocol formulates the error."""
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Dialect:
    """One way to ask for an answer over HTTP.

    Attributes:
        endpoint: chat, responses, images or generate.
        read: body, raw bytes and the model named in the path -> request; raises Problem.
        write: request, answer, tokens and the answer's id -> the JSON to send.
        write_problem: problem -> status, headers and JSON.
        needs_key: Whether requests without a key are refused.
    """

    endpoint: str
    read: Callable[[Mapping[str, Any], bytes, str | None], Asked]
    write: Callable[[Asked, Answer, Tokens, str], dict[str, Any]]
    write_problem: Callable[[Problem], tuple[int, dict[str, str], dict[str, Any]]] = field(
        repr=False
    )
    needs_key: bool = True


def compact(schema: Mapping[str, Any] | None) -> str:
    """Return a schema as compact JSON; empty for None."""
    if schema is None:
        return ""
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def digest_of(body: bytes) -> bytes:
    """Return the hash that identifies a request."""
    return sha256(body).digest()[:16]


def draw(*parts: object) -> float:
    """Return a number in [0, 1) that depends only on the parts."""
    payload = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(payload, digest_size=8).digest()) / 2**64
