"""`costs__calls` adds up to what the ledger recorded, to the nano-USD."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from eemo_pipeline.lake.sql_files import list_views
from eemo_pipeline.ledger.store import Ask, Attempt, Ledger, SentCall
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import key_violations, null_violations, range_violations
from eemo_pipeline.stages.costs import count_calls, count_days

TABLE = TABLES["costs__calls"]
OUTCOMES = ("ok", "refused", "malformed", "rate_limited", "transient", "timed_out", "cancelled")
ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        key=st.sampled_from("abc"),
        stage=st.sampled_from(["annotation", "critic"]),
        role=st.sampled_from(["annotator", "critic"]),
        provider=st.sampled_from(["openai", "gemini"]),
        model=st.sampled_from(["m", "n"]),
        image_id=st.just("i"),
        outcome=st.sampled_from(OUTCOMES),
        nano_usd=st.none() | st.integers(0, 10**12),
        bound_nano_usd=st.none() | st.integers(0, 10**12),
        input_tokens=st.none() | st.integers(0, 10**6),
    ),
    max_size=30,
)
SENT = st.lists(
    st.builds(
        SentCall,
        call_id=st.integers(0, 2**63 - 1),
        key=st.sampled_from("abc"),
        stage=st.sampled_from(["annotation", "texts"]),
        role=st.just("annotator"),
        provider=st.just("openai"),
        model=st.sampled_from(["m", "o"]),
        image_id=st.just("i"),
        bound_nano_usd=st.integers(0, 10**12),
    ),
    max_size=5,
    unique_by=lambda call: call.call_id,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        yield opened


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(attempts=ATTEMPTS, sent=SENT)
def test_the_view_adds_up_to_the_bill(
    tmp_path: Path, attempts: list[Attempt], sent: list[SentCall]
) -> None:
    attempts = [
        attempt if attempt.nano_usd is None else replace(attempt, bound_nano_usd=None)
        for attempt in attempts
    ]
    (tmp_path / "one.sqlite").unlink(missing_ok=True)
    with closing(Ledger(tmp_path / "one.sqlite")) as ledger:
        ledger.record([], sent=sent)
        ledger.record(attempts, ended=[call.call_id for call in sent[:2]])
        calls = count_calls(ledger)
        days = count_days(ledger)
    asker = ["stage", "model_role", "provider", "model"]
    sums = days.group_by(asker).agg(pl.col("call_count", "usd").sum()).sort(asker)
    assert_frame_equal(sums, calls.select(*asker, "call_count", "usd"))
    count = len(attempts) + len(sent[2:])
    assert calls["call_count"].sum() == count
    assert calls["unanswered_count"].sum() == len(sent[2:])
    for rule in (null_violations, key_violations, range_violations):
        assert rule(calls.lazy(), TABLE) == []
    (view,) = [view.sql for view in list_views() if view.name == "costs"]
    with duckdb.connect() as connection:
        connection.register("costs__calls", calls)
        costs = connection.execute(view).fetchall()
    bill = sum(attempt.nano_usd or 0 for attempt in attempts)
    assert round(sum(row[5] for row in costs) * 1e9) == pytest.approx(bill, abs=100)
    most = bill + sum(one.bound_nano_usd or 0 for one in (*attempts, *sent[2:]))
    assert round(sum(row[-1] for row in costs) * 1e9) == pytest.approx(most, abs=100)
    assert sum(row[3] for row in costs) == count
    assert len({row[:3] for row in costs}) == len(costs)
    marked = [a for a in attempts if a.nano_usd is not None and a.input_tokens is None]
    assert calls["estimated_count"].sum() == sum(row[-4] for row in costs) == len(marked)


def test_embedded_answers_are_counted_and_cost_nothing(ledger: Ledger) -> None:
    answers = [(Ask(name), {"status": status}) for name, status in (("a", "ok"), ("b", "refused"))]
    ledger.store("grounder", "saliency", answers, stage="grounding")
    assert count_days(ledger).is_empty()  # they make no calls
    (row,) = count_calls(ledger).to_dicts()
    assert (row["stage"], row["provider"], row["usd"]) == ("grounding", "embedded", 0.0)
    assert (row["call_count"], row["answered_count"], row["declined_count"]) == (2, 1, 1)


def test_the_order_of_recording_does_not_matter(ledger: Ledger, tmp_path: Path) -> None:
    attempts = [
        Attempt("k", "annotation", "annotator", provider, model, "i", "ok", nano_usd=cost)
        for provider, model, cost in (("b", "m", 1), ("a", "n", 2), ("a", "m", 3))
    ]
    ledger.record(attempts)
    with closing(Ledger(tmp_path / "other.sqlite")) as other:
        for attempt in attempts[::-1]:
            other.record([attempt])
        assert_frame_equal(count_calls(ledger), count_calls(other))


def test_an_empty_ledger_gives_an_empty_table(ledger: Ledger) -> None:
    assert_frame_equal(count_calls(ledger), TABLE.empty())
