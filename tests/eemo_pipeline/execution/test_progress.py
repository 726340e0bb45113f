"""What is said of long work while it goes on, and at its end."""

import logging

import pytest

from eemo_pipeline.execution import progress
from eemo_pipeline.execution.progress import track


def test_the_end_is_said_and_what_comes_between_only_from_time_to_time(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 4.0, 11.0, 15.0, 20.0, 0.0, 600.0, 611.0, 612.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with caplog.at_level(logging.INFO, "eemo_pipeline"):
        assert list(track("abcd", 4, "measuring")) == list("abcd")
    assert caplog.messages == [
        "measuring: 4 to do",
        "measuring: 2 of 4, 0.1 per second, about 0:00:14 left",
        "measuring: 4 in 20.0 s",
    ]
    caplog.clear()
    # The first item waits for a model to load: the rest is not expected to be as slow.
    with caplog.at_level(logging.INFO, "eemo_pipeline"):
        assert list(track("abc", 3, "answers")) == list("abc")
    assert caplog.messages == [
        "answers: 3 to do",
        "answers: 1 of 3",
        "answers: 2 of 3, 0.1 per second, about 0:00:11 left",
        "answers: 3 in 612.0 s",
    ]


def test_nothing_is_said_of_no_work(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "eemo_pipeline"):
        assert list(track((), 0, "measuring")) == []
    assert caplog.messages == []
