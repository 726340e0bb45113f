"""The learned rate, against made-up providers in virtual time: nothing here waits."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.vlm.engine.rate_limiter import Pace, Ticket
from eemo_pipeline.vlm.questions import Limits

SEND_S = 0.001  # a client can send so fast


@dataclass
class Provider:
    """A token bucket that answers after `latency_s`, and refuses after `refusal_s`.

    Attributes:
        rate: requests per second in the long run.
        size: requests at once.
        retry_after_s: what it says when it refuses.
        tells: whether replies say what is left.
        refuses_every: refuses one in so many requests whatever their rate.
        falls: the time at which its rate and size become a third.
    """

    rate: float
    size: float
    retry_after_s: float | None = 1.0
    latency_s: float = 0.2
    refusal_s: float = 0.02
    tells: bool = False
    refuses_every: int = 0
    falls: float = inf
    level: float = inf
    at_s: float = 0.0
    seen: int = 0

    def admit(self, now: float) -> bool:
        self.level = min(self.size, self.level + (now - self.at_s) * self.rate)
        self.at_s = now
        if now >= self.falls:
            self.rate, self.size, self.falls = self.rate / 3, self.size / 3, inf
        self.seen += 1
        if self.level < 1 or (self.refuses_every and self.seen % self.refuses_every == 0):
            return False
        self.level -= 1
        return True


@dataclass
class Result:
    """How long all calls took, how many were refused, and the rate at the end."""

    wall_s: float
    refused: int
    rate: float | None


def play(provider: Provider, calls: int, limits: Limits | None = None, tokens: int = 0) -> Result:
    """Make `calls` calls through a pace, each refused one again."""
    limits = limits or Limits()
    pace, now, flying, done, refused = Pace(limits), 0.0, 0, 0, 0
    replies: list[tuple[float, int, bool, Ticket]] = []
    order = count()
    while True:
        while replies and replies[0][0] <= now:
            _, _, is_admitted, ticket = heapq.heappop(replies)
            flying -= 1
            if is_admitted:
                done += 1
                pace.let_through(ticket)
                if provider.tells:
                    full_in_s = (provider.size - provider.level) / provider.rate
                    pace.hear(now, int(provider.level), full_in_s)
            else:
                refused += 1
                pace.refuse(ticket, now, provider.retry_after_s)
        if done == calls:
            break
        is_wanted = done + flying < calls and flying < limits.in_flight
        delay_s = pace.delay_s(now, flying, tokens) if is_wanted else inf
        if delay_s > 0:
            now = min(now + max(delay_s, 1e-6), replies[0][0] if replies else inf)
            continue
        ticket = pace.send(now, tokens)
        flying += 1
        is_admitted = provider.admit(now)
        after_s = provider.latency_s if is_admitted else provider.refusal_s
        heapq.heappush(replies, (now + after_s, next(order), is_admitted, ticket))
        now += SEND_S
    return Result(now, refused, pace.rate)


def floor_s(provider: Provider, calls: int) -> float:
    """The time that nobody could beat."""
    return max(
        (calls - provider.size) / provider.rate, calls * SEND_S, calls * provider.latency_s / 256
    )


def test_a_limit_of_300_is_found_without_being_told() -> None:
    provider = Provider(300, 300)
    result = play(provider, 2000)
    assert result.wall_s <= 1.3 * floor_s(provider, 2000)
    assert result.refused < 0.02 * 2000


@settings(max_examples=12, deadline=None)
@given(
    rate=st.sampled_from((30, 100, 300)),
    saved_s=st.sampled_from((0.5, 1.0, 4.0)),
    retry_after_s=st.sampled_from((None, 0.001, 0.5)),
    latency_s=st.sampled_from((0.05, 0.2, 1.0)),
)
def test_any_limit_is_found(
    rate: float, saved_s: float, retry_after_s: float | None, latency_s: float
) -> None:
    provider = Provider(rate, rate * saved_s, retry_after_s, latency_s)
    calls = int(rate * 30)
    result = play(provider, calls)
    assert result.wall_s <= 1.3 * floor_s(provider, calls) + latency_s
    assert result.refused < 0.02 * calls + 40  # the first lesson costs as much whatever follows


def test_a_slow_limit_is_found() -> None:
    provider = Provider(8, 500, None, latency_s=3.0, refusal_s=0.2)
    result = play(provider, 5000)
    assert result.wall_s <= 1.1 * floor_s(provider, 5000)
    assert result.refused < 0.05 * 5000


@pytest.mark.parametrize(("rate", "size"), [(300, 300), (8, 500), (50, 50)])
def test_what_headers_say_is_left_is_not_overdrawn(rate: float, size: float) -> None:
    provider = Provider(rate, size, latency_s=0.5, tells=True)
    result = play(provider, 3000)
    assert result.wall_s <= 1.3 * floor_s(provider, 3000)
    assert result.refused < 0.02 * 3000


@pytest.mark.parametrize("every", [5, 9, 20, 60])
@pytest.mark.parametrize("latency_s", [0.03, 1.0])
def test_refusals_that_are_not_about_the_rate_do_not_end_in_standstill(
    every: int, latency_s: float
) -> None:
    provider = Provider(1e6, 1e6, None, latency_s, refuses_every=every)
    result = play(provider, 2000)
    assert result.wall_s < 30 + 2000 / every * 0.25, "little more than the pauses alone"


@pytest.mark.parametrize("every", [47, 199])
def test_a_limit_is_found_among_refusals_that_are_not_about_it(every: int) -> None:
    provider = Provider(300, 300, None, refuses_every=every)
    result = play(provider, 9000)
    assert result.wall_s <= 1.2 * floor_s(provider, 9000) + 9000 / every * 0.25
    assert result.refused < 9000 / every + 0.03 * 9000


def test_a_limit_that_falls_is_found_again() -> None:
    provider = Provider(300, 300, None, falls=10.0)
    result = play(provider, 6000)
    assert result.wall_s <= 1.2 * (10 + 3000 / 100)
    assert result.refused < 0.02 * 6000


def test_without_a_refusal_there_is_no_limit_but_the_calls_in_flight() -> None:
    result = play(Provider(1e6, 1e6), 2000)
    assert result.rate is None
    assert result.wall_s < 1.4 * 2000 * SEND_S


@given(per_minute=st.integers(60, 6000), calls=st.integers(1, 300), latency_s=st.floats(0.001, 3.0))
@settings(max_examples=30, deadline=None)
def test_a_configured_limit_in_requests_is_kept(
    per_minute: int, calls: int, latency_s: float
) -> None:
    sent = list(sending_times(Limits(requests_per_minute=per_minute), calls, 0, latency_s))
    burst = max(1.0, per_minute / 60)
    for first in range(0, calls, 7):
        for last in range(first, calls, 5):
            passed_s = sent[last] - sent[first]
            assert last - first + 1 <= burst + passed_s * per_minute / 60 + 1e-6 + 1


def test_a_configured_limit_in_tokens_is_kept() -> None:
    sent = list(sending_times(Limits(tokens_per_minute=60_000), 50, 2500, 0.1))
    assert 50 * 2.5 - 5 <= sent[-1] <= 50 * 2.5 + 5


def sending_times(limits: Limits, calls: int, tokens: int, latency_s: float) -> Iterator[float]:
    """When each call is sent where nothing is refused."""
    pace, now = Pace(limits), 0.0
    flying: list[tuple[float, Ticket]] = []
    for _ in range(calls):
        while True:
            while flying and flying[0][0] <= now:
                pace.let_through(flying.pop(0)[1])
            delay_s = pace.delay_s(now, len(flying), tokens)
            if delay_s <= 0:
                break
            now = min(now + max(delay_s, 1e-6), flying[0][0] if flying else inf)
        flying.append((now + latency_s, pace.send(now, tokens)))
        yield now


def test_a_pause_is_as_long_as_the_provider_says_and_no_longer() -> None:
    pace = Pace(Limits())
    ticket = pace.send(10.0, 0)
    pace.refuse(ticket, 10.1, 7.0)
    assert pace.delay_s(10.1, 0, 0) == pytest.approx(7.0)
    assert pace.delay_s(17.0, 0, 0) == pytest.approx(0.1)
    assert pace.delay_s(17.2, 0, 0) == 0.0
