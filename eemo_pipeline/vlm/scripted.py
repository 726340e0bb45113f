"""A model that follows a script inside this process, to test the engine without a provider.

`resources/local_server/` speaks HTTP and the protocols of the providers.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from eemo_pipeline.vlm.contract import Usage, VlmReply, VlmRequest

_BOUND_FACTOR = 2  # upper bound on an attempt's tokens, relative to its real tokens
USAGE = Usage(100, 20)


@dataclass(frozen=True)
class Act:
    """The model's reaction to one attempt.

    Attributes:
        text: The reply.
        problem: The exception raised instead of a reply.
        after_s: Duration of the attempt.
        refusal: The refusal text, or None.
        thoughts: The thoughts beside the reply.
        usage: The tokens that the reply names, or None.
        is_truncated: Whether the output limit cut the reply off.
        requests_left: As a provider's header would report it.
        resets_after_s: As a provider's header would report it.
    """

    text: str = "{}"
    problem: Exception | None = None
    after_s: float = 0.0
    refusal: str | None = None
    thoughts: str = ""
    usage: Usage | None = USAGE
    is_truncated: bool = False
    requests_left: int | None = None
    resets_after_s: float | None = None


class ScriptedModel:
    """A vision-language model whose reactions come from a function.

    Attributes:
        asked: How often each question was sent.
        most_in_flight: The largest number of attempts in flight at once.
        replied: Attempts that produced a reply, each billed as `USAGE`.
        cancelled: Cancelled attempts.
        closed: How often the connections were closed.
    """

    provider = "scripted"

    def __init__(self, act: Callable[[VlmRequest, int], Act], model: str = "scripted-1") -> None:
        """Call `act` with each request and the number of times its question was sent before."""
        self.model = model
        self.asked: Counter[str] = Counter()
        self.requests: list[VlmRequest] = []
        self.most_in_flight = 0
        self.replied = 0
        self.cancelled = 0
        self.closed = 0
        self._act = act
        self._in_flight = 0

    async def send(self, request: VlmRequest) -> VlmReply:
        """Make one attempt."""
        act = self._act(request, self.asked[request.question])
        self.asked[request.question] += 1
        self.requests.append(request)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(act.after_s)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self._in_flight -= 1
        if act.problem is not None:
            raise act.problem
        self.replied += 1
        return VlmReply(
            text=act.text,
            usage=act.usage,
            model=self.model,
            refusal=act.refusal,
            thoughts=act.thoughts,
            is_truncated=act.is_truncated,
            requests_left=act.requests_left,
            resets_after_s=act.resets_after_s,
        )

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return twice an attempt's real tokens."""
        del request
        return Usage(_BOUND_FACTOR * USAGE.input_tokens, _BOUND_FACTOR * USAGE.output_tokens)

    async def close(self) -> None:
        """Count the call."""
        self.closed += 1
