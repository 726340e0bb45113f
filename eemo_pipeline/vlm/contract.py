"""The contract of a vision-language model behind a provider: one request, one attempt, one reply.

Providers and their SDKs live in `resources/providers/`, prompts in the stages, retries in
`engine/`, and prices and budgets in `spending/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

Detail = Literal["low", "high", "auto"]


@dataclass(frozen=True)
class EncodedPicture:
    """An image as it is sent: encoded bytes, without the file's name.

    Attributes:
        data: The encoded file.
        media_type: image/jpeg, image/png or image/webp.
        width_px: Width as sent.
        height_px: Height as sent.
    """

    data: bytes
    media_type: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Turn:
    """An earlier reply that could not be used, and the description of its fault."""

    reply: str
    complaint: str


@dataclass(frozen=True)
class VlmRequest:
    """Everything that determines an answer, except the model.

    Attributes:
        instruction: The task; sent as the system message.
        question: The user message. Text from datasets is quoted here, never in `instruction`.
        pictures: The images, in the order in which the question refers to them.
        schema_name: Name of the reply schema: letters, digits and underscores.
        schema: JSON Schema of the reply: an object without additional properties.
        max_output_tokens: Output limit. The provider stops there, and a budget reserves this
            amount.
        temperature: 0 to 2.
        seed: Sampling seed, for providers that support one.
        detail: The provider's image detail level, for providers that support one.
        turns: Earlier malformed replies to this same request, oldest first.
    """

    instruction: str
    question: str
    pictures: tuple[EncodedPicture, ...]
    schema_name: str
    schema: Mapping[str, Any]
    max_output_tokens: int = 1000
    temperature: float = 0.0
    seed: int | None = 0
    detail: Detail = "auto"
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class ImageRequest(VlmRequest):
    """A request of a generated image; the question is its prompt, and the reply its Base64.

    Attributes:
        size: Width and height in px.
        quality: As the provider calls it; None for its default.
    """

    size: tuple[int, int] = (1024, 1024)
    quality: str | None = None


@dataclass(frozen=True)
class WordRequest(VlmRequest):
    """A request of the probabilities of words after the beginning of a reply (EEmo-Bench, eq. 12).

    The reply's text is a JSON object: `probabilities`, the softmax over the first tokens of the
    words alone, and `mass`, their share of the probability of all tokens. Only a model that
    `tells_words` may be sent it.

    Attributes:
        words: at least two, whose first tokens differ.
        beginning: what the reply has said before the word.
    """

    words: tuple[str, ...] = ()
    beginning: str = ""


@dataclass(frozen=True)
class Usage:
    """What is billed for one attempt.

    Attributes:
        input_tokens: Tokens of the request.
        output_tokens: Tokens of the reply.
        cached_tokens: The part of `input_tokens` that the provider had cached.
        images: Generated images, for models that are billed by image.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    images: int = 0


# No request of ours has nearly as many tokens: a larger count is an error of the server.
_MOST_TOKENS = 100_000_000


def read_count(value: Any) -> int | None:
    """Return a number of tokens as a provider states it; None if it cannot be believed."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    is_whole = 0 <= value <= _MOST_TOKENS and value == int(value)
    return int(value) if is_whole else None


def believe_usage(
    sent: int | None, received: int | None, cached: int | None, *, is_empty: bool
) -> Usage | None:
    """Return the billed tokens that a reply names; None if they cannot be those of the reply.

    Every request has tokens, and so has a reply that is not empty. A cached part larger than the
    whole counts as no cached part, which never lowers the bill.
    """
    if not sent or received is None or not (received or is_empty):
        return None
    return Usage(sent, received, cached if cached and cached <= sent else 0)


@dataclass(frozen=True)
class VlmReply:
    """A provider's reply to one attempt.

    Attributes:
        text: The reply as received; JSON that fits the request's schema if the model complied.
        usage: The tokens billed; None if the reply names none that can be believed. It then counts
            with its upper bound.
        model: Model and version as the provider names them.
        thoughts: The model's thoughts, if the provider sends them apart from the text.
        refusal: The refusal text of the model or the provider, or None.
        is_truncated: Whether the output limit cut the reply off.
        requests_left: Requests remaining in the current rate limit window, as the provider reports.
        resets_after_s: Seconds until that window resets.
    """

    text: str
    usage: Usage | None
    model: str
    refusal: str | None = None
    thoughts: str = ""
    is_truncated: bool = False
    requests_left: int | None = None
    resets_after_s: float | None = None


class VisionLanguageModel(Protocol):
    """One model of one provider. It makes single attempts, without retries, waiting or a cache."""

    @property
    def provider(self) -> str:
        """The provider's name in costs and in the ledger."""
        ...

    @property
    def model(self) -> str:
        """The requested model, with its version."""
        ...

    async def send(self, request: VlmRequest) -> VlmReply:
        """Make one attempt.

        Raises:
            ProviderProblem: One of the subclasses in `errors.py`. Cancellation propagates.
        """
        ...

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on the attempt's tokens, images included; a budget reserves it."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@dataclass(frozen=True)
class Capacity:
    """What one's own hardware can do, in place of the limits of a provider.

    Attributes:
        in_flight: Requests that may wait for an answer at the same time.
        timeout_s: Longest time of one attempt, waiting and loading included.
    """

    in_flight: int
    timeout_s: float


@runtime_checkable
class OnOwnHardware(Protocol):
    """A model that runs on this machine, in few requests at a time, and is never asked twice."""

    @property
    def capacity(self) -> Capacity:
        """What the hardware can do."""
        ...


@runtime_checkable
class WordTeller(Protocol):
    """A model whose next-token probabilities can be read."""

    @property
    def tells_words(self) -> bool:
        """Whether it answers a `WordRequest`."""
        ...


def tells_words(model: VisionLanguageModel) -> bool:
    """Return whether a model answers a `WordRequest`."""
    return isinstance(model, WordTeller) and model.tells_words
