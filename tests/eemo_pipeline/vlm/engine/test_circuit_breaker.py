"""The breaker: closed while replies come, one probe at a time after many faults."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.vlm.engine.circuit_breaker import Breaker
from eemo_pipeline.vlm.engine.latencies import Latencies

MANY = 30


def broken(now: float = 0.0) -> Breaker:
    breaker = Breaker(patience_s=10.0)
    for _ in range(MANY):
        breaker.fail(now - 1.0, now)
    return breaker


def test_scattered_faults_pause_nothing() -> None:
    breaker = Breaker(10.0)
    for number in range(1000):
        breaker.fail(number, number)
        if number % (MANY - 1) == MANY - 2:
            breaker.succeed()
        assert breaker.delay_s(number) == 0.0


def test_after_many_faults_one_call_is_tried_at_a_time() -> None:
    breaker = broken(now=100.0)
    assert breaker.delay_s(100.0) == 1.0
    assert breaker.delay_s(101.0) == 0.0
    breaker.send()
    assert breaker.delay_s(101.0) == inf
    breaker.fail(sent_at=101.0, now=101.5)
    assert breaker.delay_s(101.5) == 2.0  # and the next pause is longer
    breaker.send()
    breaker.succeed()
    assert breaker.delay_s(101.6) == 0.0
    assert not breaker.is_open


def test_calls_from_before_the_pause_do_not_lengthen_it() -> None:
    breaker = broken(now=100.0)
    for _ in range(200):
        breaker.fail(sent_at=99.0, now=100.2)
    assert breaker.delay_s(100.2) == pytest.approx(0.8)


def test_a_probe_that_was_refused_for_its_rate_is_followed_by_another() -> None:
    breaker = broken(now=100.0)
    breaker.send()
    breaker.release()
    assert breaker.delay_s(101.0) == 0.0


def test_patience_ends() -> None:
    breaker = broken(now=100.0)
    assert not breaker.is_hopeless(110.0)
    assert breaker.is_hopeless(110.1)
    breaker.succeed()
    assert not breaker.is_hopeless(1000.0)


@given(st.lists(st.floats(0.001, 100.0), min_size=20, max_size=600))
def test_few_of_the_latest_calls_were_slow(latencies: list[float]) -> None:
    known = Latencies()
    for latency in latencies:
        known.add(latency)
    latest = latencies[-256:]
    # Renewed every 16 replies: what came since is not judged yet.
    assert known.slow_s >= 0.25
    judged = latencies[: len(latencies) - len(latencies) % 16][-256:]
    if len(latencies) >= 32:
        assert sum(latency > known.slow_s for latency in judged) <= 0.05 * len(latest) + 1


def test_nothing_is_slow_before_enough_is_known() -> None:
    known = Latencies()
    for _ in range(19):
        known.add(1.0)
    assert known.slow_s == inf
