"""The rate limiter: how fast requests may follow each other, and what a 429 changes about it.

It covers the limits in requests and tokens per minute, the rate learned from 429s and headers, and
the pauses that a provider asks for. Faults and retries are handled elsewhere. It has no clock of
its own: every call takes the time in seconds of a monotonic clock.

Learning rests on one fact about rate limits: at a 429 the allowance is used up. Providers keep it
as a token bucket of unknown rate r and unknown size, or as a window. Between two such moments, T
seconds apart, at most r * T requests can have been let through, so the number let through bounds r
from below. Our sending rate at the second moment bounds r from above, because otherwise the bucket
would not have run dry. The next rate lies between the bounds and rises towards the upper one, which
itself rises slowly while nothing is refused. A pause does not invalidate the lower bound: the
allowance refills meanwhile, and the saved requests are sent afterwards.

A refusal at a rate that was let through before contradicts that fact: either the limit has fallen,
or the refusal does not depend on our rate. A trial then decides (`overload_probe.py`).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from eemo_pipeline.vlm.engine.overload_probe import Trial
from eemo_pipeline.vlm.questions import Limits

_FIRST_WINDOW = 32  # initial window; grows by two per reply until the first refusal
_LOW_WEIGHT = 0.6  # weight of the lower bound in the geometric mean of both bounds
_RISE_S = 3.0  # time constant with which the rate approaches its upper bound
_PROBE_PER_S = 0.005  # the upper bound rises by this share per second,
_PROBE_DOUBLES_S = 10.0  # and by as much again for each so many seconds without a refusal
_STEP_S = 0.02  # no request counts for more time than this: slow rates rise slowly
_RECENT = 32  # requests over which the sending rate is measured
_SAVED_S = 1.0  # an allowance holds about this many seconds of its inflow
_TELLING, _BELOW = 5, 0.95  # requests in a storm that reveal the rate; margin to it
_FORGET = 0.97  # decay of the proven rate per storm
_CONTRADICTED = 0.95  # a refusal below this share of the best throughput is unexplained
_LEAST_RATE = 1 / 60
_BURST_S = 0.05  # a delayed event loop may catch up on this much
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 60.0


class Bucket:
    """A token bucket: `rate` per second flows in, up to `burst` is kept."""

    def __init__(self, rate: float, burst: float) -> None:
        """Start full, at time 0."""
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at = 0.0

    def level(self, now: float) -> float:
        """Return the amount available now."""
        self._level = min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level

    def delay_s(self, now: float, amount: float) -> float:
        """Return the seconds until `amount` is available, or a full bucket if that is less."""
        missing = min(amount, self.burst) - self.level(now)
        return max(0.0, missing / self.rate)

    def take(self, now: float, amount: float) -> None:
        """Take `amount`; the level may become negative."""
        self._level = self.level(now) - amount


@dataclass(frozen=True, slots=True)
class Ticket:
    """The number of a request and the time at which it was sent."""

    number: int
    sent_at: float


class Pace:
    """The rate limiter of one model: decides when the next request may be sent."""

    def __init__(self, limits: Limits) -> None:
        """Start with the configured limits and nothing learned."""
        self._requests = _bucket(limits.requests_per_minute)
        self._tokens = _bucket(limits.tokens_per_minute)
        self._most_in_flight = limits.in_flight
        self._window = float(min(limits.in_flight, _FIRST_WINDOW))
        self._sent = 0
        self._paused_until = -inf
        self._resumed_at = -inf
        self._header = Bucket(1.0, 1.0)
        self._header_until = -inf
        self._learned: Bucket | None = None
        self._high = inf  # the upper bound
        self._most = 0.0  # the best lower bound since the last trial
        self._proven = 0.0  # the best lower bound of late; decays with every storm
        self._trial: Trial | None = None
        self._quiet_s = 0.0  # how long the current rate has been tested
        self._recent: deque[float] = deque(maxlen=_RECENT)  # send times, until a rate is learned
        # The allowance ran dry at the request `_empty`; since then `_refused` requests were
        # refused.
        self._empty: Ticket | None = None
        self._refused = 0
        # Refusals come in storms, because many requests are in flight before the first is noticed.
        # `_storm` is the first refused request of a storm not yet learned from, `_storm_sent`
        # counts the requests sent from it until `_noticed_at`, and `_storm_refused` those of them
        # that were refused.
        self._storm: Ticket | None = None
        self._storm_sent = 0
        self._storm_refused = 0
        self._noticed_at = -inf
        self._fruitless = 0  # consecutive pauses after which nothing got through
        self._probe: Ticket | None = None  # sent alone after a fruitless pause

    @property
    def rate(self) -> float | None:
        """The learned rate in requests per second; None until the first refusal."""
        return self._learned.rate if self._learned else None

    def pause_s(self, now: float) -> float:
        """Return the seconds that are left of the pause after a refusal."""
        return max(0.0, self._paused_until - now)

    def delay_s(self, now: float, in_flight: int, tokens: int) -> float:
        """Return the seconds until a request may be sent.

        Infinity means not before the next reply.
        """
        if self._storm and now >= self._paused_until:
            self._learn(self._storm)
            self._resumed_at = now
        if in_flight >= self._window or self._probe:
            return inf
        delay = max(0.0, self._paused_until - now)
        for bucket, amount in self._buckets(now, tokens):
            delay = max(delay, bucket.delay_s(now, amount))
        return delay

    def send(self, now: float, tokens: int) -> Ticket:
        """Count a request that is sent now."""
        ticket = Ticket(self._sent, now)
        self._sent += 1
        if self._learned is None:
            self._recent.append(now)
        elif self._learned.level(now) < 1.5:  # the learned rate is the bottleneck, so it is tested
            self._rise(self._learned)
        for bucket, amount in self._buckets(now, tokens):
            bucket.take(now, amount)
        if self._fruitless:
            self._probe = ticket
        if self._empty is None:
            self._empty = ticket
        return ticket

    def _buckets(self, now: float, tokens: int) -> Iterator[tuple[Bucket, int]]:
        """Yield the limits in force, each with the amount that a request takes from it."""
        if self._requests:
            yield self._requests, 1
        if self._tokens:
            yield self._tokens, tokens
        if self._learned:
            yield self._learned, 1
        if now < self._header_until:
            yield self._header, 1

    def let_through(self, ticket: Ticket) -> None:
        """Record that a request was not refused, whatever its result."""
        if ticket is self._probe:
            self._probe = None
            self._fruitless = 0
        self._window = min(self._most_in_flight, self._window + 2)

    def hear(self, now: float, requests_left: int | None, resets_after_s: float | None) -> None:
        """Spread the provider's remaining requests over the time until its window resets.

        If the allowance is a token bucket that would be full after `resets_after_s`, this settles
        at its rate, with the bucket half full.
        """
        if requests_left is None or not resets_after_s or resets_after_s <= 0:
            return
        self._header.level(now)
        self._header.rate = max(1, requests_left) / resets_after_s
        self._header_until = now + resets_after_s

    def refuse(self, ticket: Ticket, now: float, retry_after_s: float | None) -> None:
        """Record a 429 and pause; the rate is learned when the pause ends."""
        if ticket is self._probe:
            self._probe = None
        if ticket.sent_at > self._noticed_at:
            self._noticed_at = now
            self._storm = ticket
            self._storm_sent, self._storm_refused = self._sent - ticket.number, 0
            start = self._empty or ticket
            is_fruitless = ticket.number - start.number <= self._refused
            self._fruitless = self._fruitless + 1 if is_fruitless else 0
            pause = _SHORTEST_PAUSE_S  # long enough for the next measurement to exceed noise
            if retry_after_s is None:
                pause = min(_LONGEST_PAUSE_S, pause * 2**self._fruitless)
            self._paused_until = max(self._paused_until, now + pause)
        self._refused += 1
        self._storm_refused += 1
        if retry_after_s is not None:
            self._paused_until = max(self._paused_until, now + retry_after_s)

    def _learn(self, storm: Ticket) -> None:
        """Set the next rate from the requests let through before and during the storm."""
        self._storm = None
        start = self._empty or storm
        consumed = storm.number - start.number - (self._refused - self._storm_refused)
        if self._learned and consumed <= 0:
            return  # nothing got through: nothing to learn, except to wait longer
        seconds = max(storm.sent_at - start.sent_at, 1e-3)
        if self._learned:
            self._doubt(self._learned.rate, consumed, seconds)
        if self._trial:
            rate = self._high = self._trial.rate
        else:
            rate = self._narrow(storm, consumed, consumed / seconds)
        self._learned = Bucket(rate, max(1.0, rate * _BURST_S))
        self._empty, self._refused, self._quiet_s = storm, self._storm_refused, 0.0

    def _doubt(self, rate: float, consumed: int, seconds: float) -> None:
        """Start a trial if no limit explains a refusal; end it when it has a result."""
        if self._trial is None:
            if rate < _CONTRADICTED * self._most:
                self._trial = Trial(rate)
        elif (per_second := self._trial.add(consumed, seconds)) is not None:
            self._most = self._proven = per_second
            self._trial = None

    def _narrow(self, storm: Ticket, consumed: int, low: float) -> float:
        """Return a rate between `low`, or a better lower bound, and the upper bound."""
        if self._learned:
            rate = self._high = self._learned.rate
            tested = max(storm.sent_at - self._resumed_at, 1e-3)
            self._most = max(low, self._most)
            self._proven = max(low, _FORGET * self._proven)
            low = max(low, consumed / tested * (1 - _SAVED_S / max(tested, _SAVED_S)))
        else:
            # The allowance saved before the first request is unknown, so there is no lower bound
            # yet.
            span = max(self._recent[-1] - self._recent[0], 1e-3)
            rate = self._high = max(low, len(self._recent) / span)
            low = min(low, rate / 4)
            self._window = self._most_in_flight
        if self._storm_sent >= _TELLING:
            let_through = 1 - self._storm_refused / self._storm_sent
            low = max(low, _BELOW * rate * let_through)
            self._proven *= let_through > 0.5
        low = max(_LEAST_RATE, min(low, self._high))
        rate = low**_LOW_WEIGHT * self._high ** (1 - _LOW_WEIGHT)
        return max(rate, min(self._proven, self._high))

    def _rise(self, bucket: Bucket) -> None:
        seconds = min(_STEP_S, 1 / bucket.rate)
        self._quiet_s += seconds
        self._high *= 1 + _PROBE_PER_S * seconds * (1 + self._quiet_s / _PROBE_DOUBLES_S)
        bucket.rate += (self._high - bucket.rate) * seconds / _RISE_S
        bucket.burst = max(1.0, bucket.rate * _BURST_S)


def _bucket(per_minute: float | None) -> Bucket | None:
    """Return the bucket of a per-minute limit, with a burst of one second's worth."""
    return None if per_minute is None else Bucket(per_minute / 60, max(1.0, per_minute / 60))
