"""The contract of a vision-language model behind a provider: one request, one attempt, one reply.

Belongs here: what is sent, what comes back, and what a model must offer. Does not belong here:
any provider or SDK (`resources/`), prompts and their replies (the stages), when and how often to
ask (`engine.py`), what it costs (`prices.py`, `budget.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Detail = Literal["low", "high", "auto"]


@dataclass(frozen=True)
class EncodedPicture:
    """A picture as it is sent: encoded bytes, nothing that names the file.

    Attributes:
        data: the encoded file.
        media_type: image/jpeg, image/png or image/webp.
        width_px: width as sent.
        height_px: height as sent.
    """

    data: bytes
    media_type: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Turn:
    """A former reply that could not be used, and what was wrong with it."""

    reply: str
    complaint: str


@dataclass(frozen=True)
class VlmRequest:
    """All that determines one answer, besides the model.

    Attributes:
        instruction: what the model is to do, the system part.
        question: the user's part; text from datasets is quoted in it, never in `instruction`.
        pictures: in the order in which the question speaks of them.
        schema_name: name of the reply, letters, digits and underscores.
        schema: JSON Schema of the reply, an object without additional properties.
        max_output_tokens: the provider stops there; also what a budget reserves.
        temperature: 0 to 2.
        seed: where the provider offers one.
        detail: the provider's picture detail level, where it offers one.
        turns: earlier replies to this very request that were malformed, oldest first.
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
class Usage:
    """Tokens that an attempt was billed for; `cached_tokens` are part of `input_tokens`."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True)
class VlmReply:
    """What a provider answered to one attempt.

    Attributes:
        text: the reply as it came; JSON of the request's schema where the model obeyed.
        usage: what was billed.
        model: model and version as the provider names them.
        refusal: the model's or the provider's words where it would not answer, else None.
        is_truncated: the output limit ended the reply.
        requests_left: how many requests the provider says may still come in this window.
        resets_after_s: when that window ends, seconds from now.
    """

    text: str
    usage: Usage
    model: str
    refusal: str | None = None
    is_truncated: bool = False
    requests_left: int | None = None
    resets_after_s: float | None = None


class VisionLanguageModel(Protocol):
    """One model of one provider. It makes single attempts: no retry, no waiting, no cache."""

    @property
    def provider(self) -> str:
        """The provider's name in costs and in the ledger."""
        ...

    @property
    def model(self) -> str:
        """The model that is asked for, with its version."""
        ...

    async def send(self, request: VlmRequest) -> VlmReply:
        """Make one attempt.

        Raises:
            ProviderProblem: as `problems.py` divides them; a cancelled attempt is cancelled.
        """
        ...

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Tokens that the attempt may cost at most, pictures included; what a budget reserves."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
