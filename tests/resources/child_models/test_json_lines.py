"""The lines of a child's questions: a batch is what the parent sent together, not what was fast."""

import json
import os
import sys
import time
from threading import Thread

import pytest

from resources.child_models.json_lines import read_together


def test_a_batch_is_what_was_sent_together_whatever_the_timing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines, feed = os.pipe()
    sent = [{"id": 1, "more": True}, {"id": 2, "more": True}, {"id": 3}, {"id": 4, "more": True}]

    def send() -> None:
        with os.fdopen(feed, "w") as stream:
            for question in sent:
                stream.write(json.dumps(question) + "\n")
                stream.flush()
                time.sleep(0.05)  # longer than a reader without `more` would wait

    Thread(target=send).start()
    with os.fdopen(lines) as questions:
        monkeypatch.setattr(sys, "stdin", questions)
        batches = [[question["id"] for question in batch] for batch in read_together(8)]
    assert batches == [[1, 2, 3], [4]]  # the last one's parent has ended


def test_a_batch_is_no_larger_than_the_child_can_take(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, feed = os.pipe()
    with os.fdopen(feed, "w") as stream:
        stream.writelines(json.dumps({"id": n, "more": True}) + "\n" for n in range(5))
    with os.fdopen(lines) as questions:
        monkeypatch.setattr(sys, "stdin", questions)
        assert [len(batch) for batch in read_together(2)] == [2, 2, 1]
