"""What is asked and what is answered, whatever the protocol.

Belongs here: the request, the answer and the problem in the form in which both protocols share
them. Does not belong here: JSON of either protocol (`openai_wire.py`, `gemini_wire.py`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Any, Literal

Finish = Literal["stop", "length", "refusal", "content_filter"]


@dataclass(frozen=True, slots=True)
class SentPicture:
    """A picture of a request, not yet decoded.

    Attributes:
        base64: its bytes as they came, standard or URL-safe alphabet.
        detail: the detail level that was asked for, "auto" where none was.
    """

    base64: str
    detail: str = "auto"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a model.

    Attributes:
        provider: local_openai or local_gemini; whose prices count.
        model: as it was named.
        texts: every text of the conversation, in order.
        pictures: every picture of the conversation, in order.
        schema: JSON Schema of the reply, None for free text.
        schema_text: the schema as compact JSON; empty for free text.
        max_output_tokens: None where the request sets no limit.
        digest: hash of the bytes that were sent; equal requests have equal digests.
    """

    provider: str
    model: str
    texts: tuple[str, ...]
    pictures: tuple[SentPicture, ...]
    schema: Mapping[str, Any] | None
    schema_text: str
    max_output_tokens: int | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one answer, counted as `tokens.py` says; pictures are part of the input."""

    text_input: int
    picture_input: int
    output: int

    @property
    def input(self) -> int:
        """All input tokens."""
        return self.text_input + self.picture_input


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said.

    Attributes:
        text: the reply, or the words of a refusal.
        finish: why it ended there.
        kind: the outcome in the account: ok, or the fault that spoilt it.
    """

    text: str
    finish: Finish = "stop"
    kind: str = "ok"


class Problem(Exception):
    """A request that gets no answer of a model: an HTTP error of the protocol.

    Attributes:
        kind: a key of `PROBLEMS` of the protocols.
        message: for people.
        retry_after_s: how long to wait, None where that is not said.
        shown_key: the key as the message may quote it.
    """

    def __init__(self, kind: str, message: str, retry_after_s: float | None = None) -> None:
        """Hold what the protocol will put into its own words."""
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Dialect:
    """One way to ask for an answer over HTTP.

    Attributes:
        endpoint: chat, responses or generate.
        read: body, digest and the model named in the path -> request; raises Problem.
        write: request, answer, tokens and the answer's id -> the JSON to send.
        write_problem: problem -> status, headers and JSON.
    """

    endpoint: str
    read: Callable[[Mapping[str, Any], bytes, str | None], Asked]
    write: Callable[[Asked, Answer, Tokens, str], dict[str, Any]]
    write_problem: Callable[[Problem], tuple[int, dict[str, str], dict[str, Any]]] = field(
        repr=False
    )


def compact(schema: Mapping[str, Any] | None) -> str:
    """A schema as compact JSON; empty where there is none."""
    if schema is None:
        return ""
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def digest_of(body: bytes) -> bytes:
    """The hash that stands for a request."""
    return sha256(body).digest()[:16]


def draw(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    payload = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(payload, digest_size=8).digest()) / 2**64
