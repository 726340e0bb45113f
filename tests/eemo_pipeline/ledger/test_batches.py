"""Batches of the ledger in both databases: what waits, what ended, and nothing twice."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eemo_pipeline.ledger.batches import (
    Batch,
    BatchConflict,
    Ending,
    Failure,
    count_batches,
    intend,
    mark_open,
    mark_over,
    read_failures,
    read_keys,
    read_open,
    read_waiting,
    tally_batches,
    withdraw,
)
from eemo_pipeline.ledger.locks import hold
from eemo_pipeline.ledger.store import Attempt, Ledger

ROWS = [("a", "picture-a"), ("b", "picture-b"), ("c", "picture-c")]


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    with closing(Ledger(place)) as opened:
        yield opened


def batch(token: str, rows: int = 3) -> Batch:
    return Batch(token, "openai", "gpt", "annotation", "annotator", rows, 300, 900)


def attempt(key: str, nano_usd: int = 5) -> Attempt:
    return Attempt(
        key, "annotation", "annotator", "openai", "gpt", f"picture-{key}", "ok", nano_usd=nano_usd
    )


def end(ledger: Ledger, token: str, key: str, **ending: str) -> None:
    told = Ending(token, key, "answered", nano_usd=5)
    if ending:
        told = Ending(token, key, "malformed", "unusable_reply", 5, **ending)
    answer = (key, "annotator", "gpt", f"picture-{key}", {"status": "ok"})
    ledger.record([attempt(key)], [] if ending else [answer], [told.as_row()])


def test_an_intention_waits_until_its_rows_have_their_ending(ledger: Ledger) -> None:
    intend(ledger, batch("t-1"), ROWS)
    assert [(b.token, b.state, b.remote_id) for b in read_open(ledger)] == [
        ("t-1", "intended", None)
    ]
    assert read_waiting(ledger) == dict(ROWS)
    mark_open(ledger, "t-1", "remote")
    assert [(b.state, b.remote_id) for b in read_open(ledger)] == [("open", "remote")]
    end(ledger, "t-1", "a")
    end(ledger, "t-1", "b", reply="half\x00\ud800", complaint="not JSON")
    assert read_waiting(ledger, "t-1") == {"c": "picture-c"}
    assert read_keys(ledger, "t-1") == {"a", "b", "c"}
    (tally,) = tally_batches(ledger)
    assert (tally.answered, tally.malformed, tally.waiting, tally.nano_usd) == (1, 1, 1, 10)
    end(ledger, "t-1", "c")
    mark_over(ledger, "t-1", "completed", 4)
    assert read_open(ledger) == []
    (tally,) = tally_batches(ledger)
    assert (tally.batch.state, tally.batch.stray_count, tally.waiting) == ("completed", 4, 0)
    assert read_failures(ledger, "openai", "gpt") == {
        "b": [Failure("half\\x00\\ud800", "not JSON", "unusable_reply")]
    }
    assert read_failures(ledger, "gemini", "gpt") == {}


def test_an_ending_that_comes_twice_is_written_once(ledger: Ledger) -> None:
    intend(ledger, batch("t-1"), ROWS)
    for _ in range(2):
        end(ledger, "t-1", "a")
        end(ledger, "t-1", "nobody")
    assert ledger.spent().calls == 1
    assert ledger.spent().nano_usd == 5
    assert set(ledger.find(["a", "nobody"])) == {"a"}


def test_no_question_waits_twice_and_a_conflict_writes_nothing(ledger: Ledger) -> None:
    intend(ledger, batch("t-1"), ROWS)
    with pytest.raises(BatchConflict, match="t-2"):
        intend(ledger, batch("t-2", 2), [("d", "picture-d"), ("a", "picture-a")])
    assert [b.token for b in read_open(ledger)] == ["t-1"]
    assert set(read_waiting(ledger)) == {"a", "b", "c"}
    end(ledger, "t-1", "a", reply="x", complaint="y")
    intend(ledger, batch("t-2", 2), [("d", "picture-d"), ("a", "picture-a")])
    assert set(read_waiting(ledger)) == {"a", "b", "c", "d"}


def test_a_withdrawn_intention_leaves_nothing(ledger: Ledger) -> None:
    intend(ledger, batch("t-1"), ROWS)
    assert (count_batches(ledger, "t"), count_batches(ledger, "x")) == (1, 0)
    withdraw(ledger, "t-1")
    assert (read_open(ledger), read_waiting(ledger), tally_batches(ledger)) == ([], {}, [])


def test_a_ledger_from_before_there_were_batches_gets_them(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with closing(Ledger(file)) as old, old.database.writing() as connection:
        connection.exec_driver_sql("drop table batches")
        connection.exec_driver_sql("drop table batch_rows")
    with closing(Ledger(file)) as ledger:
        intend(ledger, batch("t-1"), ROWS)
        with pytest.raises(BatchConflict):
            intend(ledger, batch("t-2"), ROWS)


def test_a_lock_is_held_by_one_and_ends_with_it(place: Path | str) -> None:
    with closing(Ledger(place)) as one, closing(Ledger(place)) as other:
        with hold(one.database, "x") as first, hold(other.database, "x") as second:
            assert (first, second) == (True, False)
            with hold(other.database, "y") as another:
                assert another
        with hold(other.database, "x") as again:
            assert again
