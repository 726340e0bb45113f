"""The state of one question across its retries, and the meaning of each reply or fault.

`scheduler.py` decides when an attempt is made, `rate_limiter.py` what a 429 does to the rate.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from eemo_pipeline.ledger.store import AttemptOutcome
from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.vlm.contract import Turn, Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.engine.ledger_writer import Announcement
from eemo_pipeline.vlm.errors import (
    CredentialProblem,
    PictureRefused,
    ProviderProblem,
    RateLimited,
    Rejected,
    Transient,
)
from eemo_pipeline.vlm.json_objects import skip_thoughts
from eemo_pipeline.vlm.questions import Limits, Question, Unusable

_LONGEST_WAIT_S = 30.0
_LONGEST_TURN = 4000  # characters of a malformed reply that are sent back to the model
# The reply ended at the output limit before it said anything: all of it were thoughts.
NO_ROOM = "no_room_for_answer"
_EMPTY = "empty_reply"
# A reply that names no tokens counts with its upper bound: its row has a cost and no tokens.
NO_USAGE = "usage_missing"
REPLIES: frozenset[AttemptOutcome] = frozenset({"ok", "refused", "malformed"})
_MORE_ROOM = 4  # the second attempt's output limit, relative to the first's


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one attempt.

    Attributes:
        kind: The outcome column of the attempt's row in the ledger.
        reason: snake_case; None if the kind is sufficient.
        usage: The tokens billed; None if unknown.
        answer: The question's answer, if the attempt produced one.
        turn: The malformed reply and the description of its fault.
        problem: The exception that ends the run, if this outcome does.
        said: The server's words about an attempt without an answer, free of secrets.
    """

    kind: AttemptOutcome
    reason: str | None = None
    usage: Usage | None = None
    answer: dict[str, Any] | None = None
    turn: Turn | None = None
    problem: Exception | None = None
    said: str | None = None


class Readable(Protocol):
    """Anything with a reader for replies, such as a `Question`."""

    @property
    def read(self) -> Callable[[str], dict[str, Any]]:
        """Create the answer's fields from the text of a reply. Raises Unusable."""
        ...


def judge_reply(question: Readable, reply: VlmReply, max_output_tokens: int) -> Outcome:
    """Classify a reply as an answer, a refusal, or malformed and to be asked again.

    A reply of nothing but thoughts has no turn: there is nothing to send back.
    """
    if reply.refusal is not None:
        answer = {"status": "refused", "reason": "model_refused"}
        return Outcome("refused", "model_refused", reply.usage, answer, said=reply.refusal)
    if not skip_thoughts(reply.text).strip():
        return _judge_thoughts(question, reply)
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
    answer = {"status": "ok", **fields}  # the model may also decline in its fields
    kind: AttemptOutcome = "ok" if answer["status"] == "ok" else "refused"
    return Outcome(kind, answer.get("reason"), reply.usage, answer)


def _judge_thoughts(question: Readable, reply: VlmReply) -> Outcome:
    """Classify a reply without text: some servers put the whole answer among the thoughts."""
    if reply.is_truncated:
        return Outcome("malformed", NO_ROOM, reply.usage)
    try:
        answer = {"status": "ok", **question.read(reply.thoughts)}
    except Unusable:
        return Outcome("malformed", _EMPTY, reply.usage)
    kind: AttemptOutcome = "ok" if answer["status"] == "ok" else "refused"
    return Outcome(kind, answer.get("reason"), reply.usage, answer)


def judge_problem(problem: BaseException) -> Outcome:
    """Classify the exception of an attempt by its remedy; one without a remedy ends the run."""
    said = str(problem)
    match problem:
        case RateLimited():
            return Outcome("rate_limited", None, problem.usage, said=said)
        case CredentialProblem():
            return Outcome("credential", None, problem.usage, problem=problem, said=said)
        case Rejected():
            status = "refused" if isinstance(problem, PictureRefused) else "error"
            answer = {"status": status, "reason": problem.reason}
            return Outcome("rejected", problem.reason, problem.usage, answer, said=said)
        case Transient() | ProviderProblem():
            return Outcome("transient", "provider_fault", problem.usage, said=said)
        case Exception():
            return Outcome("transient", "unexpected_error", problem=problem)
        case _:
            return Outcome("cancelled", "stopped")


def give_room(request: VlmRequest) -> VlmRequest:
    """Return the request with a higher output limit, for a model that thinks before it answers."""
    return replace(request, max_output_tokens=_MORE_ROOM * request.max_output_tokens)


@dataclass(slots=True, eq=False)
class Pursuit:
    """The state of one question across its retries.

    Attributes:
        request: The next request to send; each malformed reply adds a turn to it, and one that
            ended before it said anything gives it more room.
        bound: Upper bound on the tokens of sending it.
        due_at: Earliest time of the next attempt.
        tries: Attempts lost to transient faults and empty replies.
        full: Replies that ended at the output limit before they said anything.
        running: Attempts in flight; two if a slow one was hedged.
        is_begun: Whether it was its turn to be sent; it is open from then on.
        is_queued: Whether an attempt, be it a retry or a hedge, waits to be sent.
        is_answered: Whether the answer is known; attempts still in flight no longer matter.
        announcement: The next attempt in the ledger; None while none waits to be sent.
        last: The outcome of the latest attempt that brought no answer.
    """

    question: Question
    request: VlmRequest
    bound: Usage
    due_at: float = 0.0
    tries: int = 0
    full: int = 0
    running: int = 0
    is_begun: bool = False
    is_queued: bool = False
    is_answered: bool = False
    announcement: Announcement | None = None
    last: Outcome = field(default_factory=lambda: Outcome("cancelled"))

    def fail(self, outcome: Outcome, now: float, limits: Limits) -> None:
        """Record an attempt without an answer and set the time of the next one."""
        self.last = outcome
        if outcome.turn:
            turns = (*self.request.turns, outcome.turn)
            self.request = replace(self.request, turns=turns)
        elif outcome.reason == NO_ROOM:
            self.full += 1
            self.request = give_room(self.request)
        elif outcome.kind != "rate_limited":
            self.tries += 1
            most = min(_LONGEST_WAIT_S, limits.backoff_s * 2 ** (self.tries - 1))
            self.due_at = now + most * unit_interval(self.question.key, str(self.tries))

    def is_given_up(self, limits: Limits) -> bool:
        """Return whether all attempts are used up."""
        return (
            self.tries >= limits.tries or len(self.request.turns) > limits.reasks or self.full > 1
        )

    def give_up(self, limits: Limits) -> dict[str, Any]:
        """Return the error answer of a question that was given up.

        It is not stored, because a rerun may succeed.
        """
        reason = "timed_out" if self.last.kind == "timed_out" else "provider_fault"
        if self.last.reason in (NO_ROOM, _EMPTY):
            reason = self.last.reason
        if len(self.request.turns) > limits.reasks:
            reason = "malformed_reply"
        return {"status": "error", "reason": reason}
