"""A model that follows a script, in this process: the engine's behaviour without a provider.

Belongs here: the model and its account. Does not belong here: HTTP and the protocols of
providers, which `resources/local_server` speaks.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from eemo_pipeline.vlm.contract import Usage, VlmReply, VlmRequest

_BOUND_FACTOR = 2  # what an attempt may cost at most, beside what it does cost
USAGE = Usage(100, 20)


@dataclass(frozen=True)
class Act:
    """What the model does with one attempt.

    Attributes:
        text: its reply.
        problem: what it raises in place of a reply.
        after_s: how long that takes.
        refusal: its words where it will not answer.
        is_truncated: the output limit ended the reply.
        requests_left: as a header would say.
        resets_after_s: as a header would say.
    """

    text: str = "{}"
    problem: Exception | None = None
    after_s: float = 0.0
    refusal: str | None = None
    is_truncated: bool = False
    requests_left: int | None = None
    resets_after_s: float | None = None


class ScriptedModel:
    """A vision-language model whose acts are given by a function.

    Attributes:
        asked: how often each question was sent.
        most_in_flight: the most attempts that were under way at once.
        replied: attempts that came to a reply, which are billed with `USAGE` each.
        cancelled: attempts that were cancelled.
        closed: how often the connections were closed.
    """

    provider = "scripted"

    def __init__(self, act: Callable[[VlmRequest, int], Act], model: str = "scripted-1") -> None:
        """Follow `act`, which is told the request and how often its question was sent before."""
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
            usage=USAGE,
            model=self.model,
            refusal=act.refusal,
            is_truncated=act.is_truncated,
            requests_left=act.requests_left,
            resets_after_s=act.resets_after_s,
        )

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Twice what an attempt costs."""
        del request
        return Usage(_BOUND_FACTOR * USAGE.input_tokens, _BOUND_FACTOR * USAGE.output_tokens)

    async def close(self) -> None:
        """Count it."""
        self.closed += 1
