"""Sends attempts to one model as fast as its limits allow, until every question is answered.

The rules are in `rate_limiter.py`, `circuit_breaker.py`, `latencies.py` and `attempts.py`; the
threads are in `prefetch.py`, `ledger_writer.py` and `run.py`.

Everything runs on one event loop and is driven by two events: the end of an attempt, and a tick.
Nothing waits in between, so an attempt costs one task and needs no timer of its own. Times come
from the loop's monotonic clock.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

from eemo_pipeline.imaging.opening import UnreadablePicture
from eemo_pipeline.ledger.store import Attempt, AttemptOutcome
from eemo_pipeline.vlm.contract import VisionLanguageModel, VlmReply
from eemo_pipeline.vlm.engine.announced_calls import AnnouncedCalls, describe_call
from eemo_pipeline.vlm.engine.attempts import (
    NO_USAGE,
    REPLIES,
    Outcome,
    Pursuit,
    judge_problem,
    judge_reply,
)
from eemo_pipeline.vlm.engine.circuit_breaker import Breaker, ProviderDown
from eemo_pipeline.vlm.engine.first_contact import FirstContact
from eemo_pipeline.vlm.engine.learned import recall
from eemo_pipeline.vlm.engine.ledger_writer import Announcement, Journal
from eemo_pipeline.vlm.engine.prefetch import Supply
from eemo_pipeline.vlm.engine.rate_limiter import Ticket
from eemo_pipeline.vlm.errors import RateLimited
from eemo_pipeline.vlm.questions import Limits, Question
from eemo_pipeline.vlm.spending.budget import Budget, BudgetReached, Reservation
from eemo_pipeline.vlm.spending.prices import Prices

_LOG = logging.getLogger(__name__)
_TOLD_PAUSE_S = 10.0  # longer pauses are told
_TICK_S = 0.005
# A delayed loop ticks less often and therefore sends less, so that it notices refusals before it
# sends much more, and replies do not wait.
_MOST_PER_TICK = 8
_MOST_UNTAKEN = 5000  # answers not taken by the caller; above this nothing is sent
_SPARE_CALLS = 170  # counted in addition to the calls sent: five hedges of a short run
_STRAY_SHARE = 0.25  # maximum share of the in-flight limit held by losing hedges (strays)
# At its end a run waits for strays as long as two slow calls take, or this share of its duration.
_STRAY_WAIT_SHARE, _STRAY_WAIT_S = 0.05, 1.0


@dataclass(slots=True, eq=False)
class Call:
    """An attempt in flight.

    Attributes:
        announcement: Its row among the ledger's calls without an outcome.
        ending: Why it was cancelled; None if it was not.
    """

    pursuit: Pursuit
    announcement: Announcement
    ticket: Ticket
    reservation: Reservation
    task: asyncio.Task[VlmReply]
    ending: AttemptOutcome | None = None


class Scheduler:
    """One run of one model over its questions."""

    def __init__(
        self,
        model: VisionLanguageModel,
        stage: str,
        *,
        limits: Limits,
        journal: Journal,
        budget: Budget,
        prices: Prices,
        contact: FirstContact,
    ) -> None:
        """Prepare; nothing is sent before `run`."""
        self.problem: Exception | None = None
        self._model = model
        self._stage = stage
        self._limits = limits
        self._journal = journal
        self._budget = budget
        self._prices = prices
        self._pace, self._latencies = recall(model, limits)
        self._breaker = Breaker(limits.patience_s)
        self._contact = contact
        self._told_until = -inf  # the pause that was told last ends then
        self._limited_since = inf  # refused for its rate since then, without one let through
        self._calls: dict[Call, None] = {}  # oldest first
        describe = partial(describe_call, model, prices, stage)
        self._announced = AnnouncedCalls(journal, limits, describe)
        self._open = 0  # questions begun but not answered
        self._left_in_tick = 0
        self._sent = 0
        self._hedges = 0
        # Losing hedges: another call has answered their question. They are billed anyway, so they
        # may finish if that delays nothing; their cost is then recorded.
        self._strays: dict[Call, None] = {}
        self._strays_until = inf
        self._is_stopping = False

    async def run(self, questions: Iterable[Question], ahead: int) -> None:
        """Answer as many questions as possible, with up to `ahead` requests built in advance."""
        self._loop = loop = asyncio.get_running_loop()
        self._began_at = loop.time()
        self._ended = loop.create_future()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is closed: the run is over
                loop.call_soon_threadsafe(self.advance)

        self._supply = Supply(questions, ahead, wake)
        try:
            self._tick()
            await self._ended
        finally:
            self._supply.stop()
            await self._model.close()

    def stop(self, problem: Exception | None = None) -> None:
        """Stop sending; attempts in flight finish and are stored."""
        self.problem = self.problem or problem
        self._is_stopping = True
        self._supply.stop()

    def abort(self) -> None:
        """Stop at once and cancel all attempts in flight."""
        self.stop()
        for call in self._calls:
            self._cancel(call, "cancelled")

    def advance(self) -> None:
        """Send every attempt that may be sent now."""
        if self._ended.done():
            return
        now = self._loop.time()
        self._announced.announce_due(now)
        self._announce_new()
        while self._may_send():
            taken = self._announced.take(may_begin=not self._contact.is_in_doubt)
            if taken is None:
                break
            self._open += not taken[0].is_begun
            taken[0].is_begun = True
            if not self._send(*taken, now):
                self._announced.put_back(taken[0])
                break
        if problem := self._supply.problem or self._journal.problem:
            self.stop(problem)
        is_spent = self._supply.is_spent and not self._announced.has_new
        has_no_more = is_spent or self._contact.is_in_doubt
        if self._contact.is_pending and has_no_more and not self._open:
            self.stop(self._contact.explain(self._stage))
        is_over = self._is_stopping or (is_spent and not self._open)
        if is_over and self._is_home(now):
            self._announced.withdraw()
            self._ended.set_result(None)

    def _may_send(self) -> bool:
        # Answers that are not yet durable count too: after a kill they are paid for again.
        at_stake = len(self._calls) + self._journal.unwritten
        has_room = at_stake < self._limits.in_flight and self._left_in_tick > 0
        return has_room and not self._is_stopping

    def _announce_new(self) -> None:
        """Announce new questions, as far ahead of the calls as a commit takes."""
        while self._announced.has_room and self._may_begin() and (built := self._supply.take()):
            question, request = built
            if isinstance(request, UnreadablePicture):
                answer = {"status": "error", "reason": request.reason}
                self._journal.add(None, (question, answer))
                continue
            try:
                bound = self._model.bound_tokens(request)
                self._announced.add_new(Pursuit(question, request, bound))
            except Exception as problem:  # noqa: BLE001 (no price: raised in the caller)
                self.stop(problem)

    def _may_begin(self) -> bool:
        is_doubtful = self._is_stopping or self._contact.is_in_doubt
        return not is_doubtful and self._journal.untaken < _MOST_UNTAKEN

    def _send(self, pursuit: Pursuit, announcement: Announcement, now: float) -> bool:
        """Start an attempt; return whether that was possible."""
        bound = pursuit.bound
        tokens = bound.input_tokens + bound.output_tokens
        delay = max(self._pace.delay_s(now, len(self._calls), tokens), self._breaker.delay_s(now))
        if delay > 0:
            return False
        try:
            reservation = self._budget.reserve(self._stage, announcement.call.bound_nano_usd)
        except BudgetReached as reached:
            # Attempts in flight, here or at another model, may cost less than their upper bound.
            if self._is_home(now) and not reached.reserved:
                self.stop(reached)
            return False
        self._strays_until = inf
        self._left_in_tick -= 1
        self._sent += 1
        pursuit.running += 1
        pursuit.is_queued = False
        pursuit.announcement = None
        self._breaker.send()
        task = self._loop.create_task(self._model.send(pursuit.request))
        call = Call(pursuit, announcement, self._pace.send(now, tokens), reservation, task)
        self._calls[call] = None
        task.add_done_callback(lambda _: self._land(call))
        return True

    def _land(self, call: Call) -> None:
        """Process the end of an attempt: settle its cost, learn from it, decide, record it."""
        now = self._loop.time()
        pursuit = call.pursuit
        del self._calls[call]
        self._strays.pop(call, None)
        pursuit.running -= 1
        outcome = self._judge(call)
        self._learn(call, outcome, now)
        if outcome.problem:
            self.stop(outcome.problem)
        answer = None
        if pursuit.is_answered:
            outcome = Outcome("cancelled", "hedge_lost", outcome.usage)
        elif outcome.answer:
            answer = outcome.answer
        else:
            pursuit.fail(outcome, now, self._limits)
            if outcome.kind == "malformed":
                pursuit.bound = self._model.bound_tokens(pursuit.request)
            answer = self._go_on(pursuit, outcome)
        if answer:
            if answer["status"] == "error" and outcome.kind != "malformed":
                self._contact.fail(outcome.said or f"no reply in {self._limits.timeout_s:g} s")
            self._open -= 1
            pursuit.is_answered = True
            if pursuit.running:
                self._let_stray(pursuit)
        row = self._row(call, outcome, now)
        self._journal.add(row, (pursuit.question, answer) if answer else None, call.announcement)
        self.advance()

    def _judge(self, call: Call) -> Outcome:
        task = call.task
        if task.cancelled():
            return Outcome(call.ending or "cancelled", None)
        if problem := task.exception():
            return judge_problem(problem)
        reply = task.result()
        try:
            return judge_reply(call.pursuit.question, reply, call.pursuit.request.max_output_tokens)
        except Exception as problem:  # noqa: BLE001 (a defect in `read`: raised in the caller)
            return Outcome("malformed", "unexpected_error", reply.usage, problem=problem)

    def _learn(self, call: Call, outcome: Outcome, now: float) -> None:
        match outcome.kind:
            case "rate_limited":
                problem = call.task.exception()
                wait_s = problem.retry_after_s if isinstance(problem, RateLimited) else None
                self._pace.refuse(call.ticket, now, wait_s)
                self._breaker.release()
                self._tell_pause(now, outcome.said or "")
                self._limited_since = min(self._limited_since, now)
                vain_s = now - self._limited_since
                if wait_s is not None and wait_s > self._limits.patience_s:
                    self.stop(self._down(f"it asks to wait {wait_s:.0f} s: {problem}"))
                elif vain_s > self._limits.patience_s:
                    self.stop(self._down(f"it let nothing through for {vain_s:.0f} s: {problem}"))
            case "transient" | "timed_out":
                self._pace.let_through(call.ticket)
                self._breaker.fail(call.ticket.sent_at, now)
                if self._breaker.is_hopeless(now):
                    why = outcome.kind if call.task.cancelled() else call.task.exception()
                    self.stop(self._down(f"nothing but faults, the last: {why}"))
            case "ok" | "refused" | "malformed":
                reply = call.task.result()
                self._pace.let_through(call.ticket)
                self._pace.hear(now, reply.requests_left, reply.resets_after_s)
                self._breaker.succeed()
                self._contact.reply()
                self._latencies.add(now - call.ticket.sent_at)
            case "rejected":
                self._pace.let_through(call.ticket)
                self._breaker.succeed()
            case "cancelled" | "credential":
                self._pace.let_through(call.ticket)
                self._breaker.release()
        if outcome.kind not in ("rate_limited", "cancelled"):
            self._limited_since = inf

    def _tell_pause(self, now: float, said: str) -> None:
        """Say what a long pause waits for, once per pause."""
        pause_s = self._pace.pause_s(now)
        if pause_s >= _TOLD_PAUSE_S and now >= self._told_until:
            self._told_until = now + pause_s
            names = self._model.provider, self._model.model
            _LOG.warning("%s %s asks to wait, %.0f s from now: %s", *names, pause_s, said)

    def _down(self, why: str) -> ProviderDown:
        return ProviderDown(f"{self._model.provider} {self._model.model}", self._stage, why)

    def _go_on(self, pursuit: Pursuit, outcome: Outcome) -> dict[str, Any] | None:
        """Queue the next attempt of a question, or return an error answer if it is given up."""
        if pursuit.running or self._is_stopping:
            return None  # another attempt may still answer, or no more are sent
        if pursuit.is_given_up(self._limits):
            return pursuit.give_up(self._limits)
        if pursuit.is_queued:
            return None
        if outcome.kind == "rate_limited" or outcome.turn:
            self._announced.add_again(pursuit)
        else:
            self._announced.add_later(pursuit)
        return None

    def _row(self, call: Call, outcome: Outcome, now: float) -> Attempt:
        """Settle the cost of the attempt and return its ledger row."""
        model, usage, question = self._model, outcome.usage, call.pursuit.question
        cost, reason = None, outcome.reason
        if usage is not None:
            cost = self._prices.cost(model.provider, model.model, usage)
        elif outcome.kind in REPLIES:
            cost, reason = call.reservation.nano_usd, reason or NO_USAGE
        call.reservation.settle(cost)
        return Attempt(
            key=question.key,
            stage=self._stage,
            role=question.role,
            provider=model.provider,
            model=model.model,
            image_id=question.image_id,
            outcome=outcome.kind,
            reason=reason,
            said=outcome.said,
            input_tokens=usage and usage.input_tokens,
            output_tokens=usage and usage.output_tokens,
            cached_tokens=usage and usage.cached_tokens,
            nano_usd=cost,
            bound_nano_usd=call.reservation.nano_usd if cost is None else None,
            latency_ms=round((now - call.ticket.sent_at) * 1000),
            is_batch=False,
        )

    def _tick(self) -> None:
        if self._ended.done():
            return
        now = self._loop.time()
        slow_s = min(self._latencies.slow_s, self._limits.timeout_s)
        for call in self._calls:
            age = now - call.ticket.sent_at
            if age < slow_s:
                break  # calls are ordered by age: the rest are younger
            if age >= self._limits.timeout_s:
                self._cancel(call, "timed_out")
            elif self._may_hedge(call.pursuit):
                self._hedges += 1
                self._announced.add_again(call.pursuit, first=True)
        self._left_in_tick = _MOST_PER_TICK
        self.advance()
        self._loop.call_later(_TICK_S, self._tick)

    def _may_hedge(self, pursuit: Pursuit) -> bool:
        if pursuit.running != 1 or pursuit.is_queued or pursuit.is_answered or self._is_stopping:
            return False
        return self._hedges < self._limits.hedge_share * (self._sent + _SPARE_CALLS)

    def _let_stray(self, pursuit: Pursuit) -> None:
        self._strays.update((call, None) for call in self._calls if call.pursuit is pursuit)
        while len(self._strays) > _STRAY_SHARE * self._limits.in_flight:
            oldest = next(iter(self._strays))
            del self._strays[oldest]
            self._cancel(oldest, "cancelled")

    def _is_home(self, now: float) -> bool:
        """Return whether nothing is in flight; await losing hedges briefly, then cancel them."""
        if len(self._calls) == len(self._strays) > 0:
            if self._strays_until == inf:
                share_s = _STRAY_WAIT_SHARE * (now - self._began_at)
                wait_s = max(_STRAY_WAIT_S, 2 * self._latencies.slow_s, share_s)
                self._strays_until = now + min(wait_s, self._limits.timeout_s)
            elif now >= self._strays_until:
                for call in self._strays:
                    self._cancel(call, "cancelled")
        return not self._calls

    @staticmethod
    def _cancel(call: Call, ending: AttemptOutcome) -> None:
        if call.ending is None:
            call.ending = ending
            call.task.cancel()
