"""One question on its way to its one answer, over as many attempts as that takes.

Belongs here: what a reply or a fault means for its question. Does not belong here: when an
attempt is made (`scheduler.py`), what it costs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.vlm.contract import Turn, Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import (
    CredentialProblem,
    ProviderProblem,
    RateLimited,
    Rejected,
    Transient,
)
from eemo_pipeline.vlm.questions import Limits, Question, Unusable

Kind = Literal[
    "ok",
    "refused",
    "malformed",
    "rate_limited",
    "transient",
    "timed_out",
    "rejected",
    "credential",
    "cancelled",
]

_LONGEST_WAIT_S = 30.0
_LONGEST_TURN = 4000  # characters of a malformed reply that are shown to the model again
# What a provider says about the picture stays true; a request it finds malformed may be cured.
_ABOUT_THE_PICTURE = frozenset({"picture_rejected", "content_filter"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt.

    Attributes:
        kind: the outcome of the attempt's row in the ledger.
        reason: snake_case, None where the kind says it all.
        usage: what was billed, None where that is not known.
        answer: the question's answer, where this is one.
        turn: the malformed reply, and what is wrong with it.
        problem: what ends the run, where this does.
    """

    kind: Kind
    reason: str | None = None
    usage: Usage | None = None
    answer: dict[str, Any] | None = None
    turn: Turn | None = None
    problem: Exception | None = None


class Readable(Protocol):
    """What a reply is an answer to; a `Question` is."""

    @property
    def read(self) -> Callable[[str], dict[str, Any]]:
        """Makes the answer's fields of a reply's text. Raises Unusable."""
        ...


def judge_reply(question: Readable, reply: VlmReply, max_output_tokens: int) -> Outcome:
    """Read a reply: an answer, a refusal, or something to be asked again."""
    if reply.refusal is not None:
        answer = {"status": "refused", "reason": "model_refused"}
        return Outcome("refused", "model_refused", reply.usage, answer)
    try:
        fields = question.read(reply.text)
    except Unusable as unusable:
        complaint = str(unusable)
        if reply.is_truncated:
            complaint = (
                f"The reply was cut off after {max_output_tokens} tokens. Be shorter. {complaint}"
            )
        reason = "cut_off" if reply.is_truncated else "unusable_reply"
        turn = Turn(reply.text[:_LONGEST_TURN], complaint)
        return Outcome("malformed", reason, reply.usage, turn=turn)
    answer = {"status": "ok", **fields}  # a model may also say in its fields that it cannot tell
    kind: Kind = "ok" if answer["status"] == "ok" else "refused"
    return Outcome(kind, answer.get("reason"), reply.usage, answer)


def judge_problem(problem: BaseException) -> Outcome:
    """Divide what an attempt raised by what cures it; what nothing here cures ends the run."""
    match problem:
        case RateLimited():
            return Outcome("rate_limited", None, problem.usage)
        case CredentialProblem():
            return Outcome("credential", None, problem.usage, problem=problem)
        case Rejected():
            status = "refused" if problem.reason in _ABOUT_THE_PICTURE else "error"
            answer = {"status": status, "reason": problem.reason}
            return Outcome("rejected", problem.reason, problem.usage, answer)
        case Transient() | ProviderProblem():
            return Outcome("transient", "provider_fault", problem.usage)
        case Exception():
            return Outcome("transient", "unexpected_error", problem=problem)
        case _:
            return Outcome("cancelled", "stopped")


@dataclass(slots=True, eq=False)
class Pursuit:
    """A question under way.

    Attributes:
        request: what is sent next; a malformed reply adds a turn to it.
        bound: tokens that sending it may cost at most.
        due_at: not to be sent before.
        tries: attempts lost to transient faults.
        running: how many attempts are under way; two where a slow one was hedged.
        is_queued: waits to be sent, again or a second time.
        is_answered: has its answer; what is still under way no longer matters.
    """

    question: Question
    request: VlmRequest
    bound: Usage
    due_at: float = 0.0
    tries: int = 0
    running: int = 0
    is_queued: bool = False
    is_answered: bool = False
    last: Outcome = field(default_factory=lambda: Outcome("cancelled"))

    def fail(self, outcome: Outcome, now: float, limits: Limits) -> None:
        """Take note of an attempt that brought no answer, and of when the next may be made."""
        self.last = outcome
        if outcome.turn:
            turns = (*self.request.turns, outcome.turn)
            self.request = replace(self.request, turns=turns)
        elif outcome.kind != "rate_limited":
            self.tries += 1
            most = min(_LONGEST_WAIT_S, limits.backoff_s * 2 ** (self.tries - 1))
            self.due_at = now + most * unit_interval(self.question.key, str(self.tries))

    def is_given_up(self, limits: Limits) -> bool:
        """Whether no further attempt is to be made."""
        return self.tries >= limits.tries or len(self.request.turns) > limits.reasks

    def give_up(self, limits: Limits) -> dict[str, Any]:
        """The answer of a question that found none; it is not stored, for a rerun may cure it."""
        reason = "timed_out" if self.last.kind == "timed_out" else "provider_fault"
        if len(self.request.turns) > limits.reasks:
            reason = "malformed_reply"
        return {"status": "error", "reason": reason}
