"""Models of the demo on held-out items: in the tables, on the leaderboard, beside the majority."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.stages.evaluation.level_probabilities import KEYWORDS
from resources.local_server import LocalServer, local_server
from tests.support.commands import call_eemo, start_eemo
from tests.support.lakes import copy_lake
from tests.support.servers import FAULT_SCRIPT, RECOVERABLE_RULES

MODELS = {
    *("valdez_mehrabian", "ou_solli_lenz", "linear_probe", "emotion_classifier"),
    *("majority_baseline", "random_baseline", "pixel_features"),
}


@pytest.fixture(scope="module")
def board(demo_lake: Path) -> list[dict[str, Any]]:
    done = call_eemo("sql", "from leaderboard", "--data", demo_lake, "--json")
    return json.loads(done.stdout)


def test_the_leaderboard_has_every_model_beside_the_baselines(board: list[dict[str, Any]]) -> None:
    assert {row["evaluated_model"] for row in board} == MODELS
    by_items: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in board:
        keys = ("benchmark", "section", "number", "item_set")
        by_items.setdefault(tuple(row[key] for key in keys), []).append(row)
        assert row["lower"] is None or row["lower"] <= row["upper"]
        assert row["items"] > 0
    for same in by_items.values():
        assert len({row["items"] for row in same}) == 1
        assert same[0]["place"] == 1, "models are ranked among those scored on the same items"
        assert [row["place"] for row in same] == sorted(row["place"] for row in same)
    accuracies = [
        same for key, same in by_items.items() if key[::2][0:2] == ("held_out_assess", "Accuracy")
    ]
    assert len(accuracies) > 2, "the classifier and the annotators answer other items"
    for same in accuracies:
        models = {row["evaluated_model"] for row in same}
        assert models >= {"majority_baseline", "random_baseline"}


def test_a_trained_model_has_the_accuracy_of_its_run(
    demo_lake: Path, board: list[dict[str, Any]]
) -> None:
    runs = scan_table(demo_lake / "tables", "training__runs").collect()
    (run,) = runs.filter(runs["recipe"] == "emotion_classifier").to_dicts()
    ours = {row["number"]: row for row in board if row["evaluated_model"] == "emotion_classifier"}
    assert ours["Accuracy"]["value"] == pytest.approx(100 * run["accuracy"], abs=1e-3)
    assert ours["Macro F1"]["value"] == pytest.approx(100 * run["macro_f1"], abs=1e-3)
    assert ours["Accuracy"]["items"] == run["test_count"]


def test_no_item_of_a_model_is_lost_and_none_was_trained_on(demo_lake: Path) -> None:
    tables = demo_lake / "tables"
    predictions = scan_table(tables, "evaluation__predictions").collect()
    held = {
        "held_out_assess": scan_table(tables, "assess__items").collect(),
        "held_out_qa": scan_table(tables, "qa__items").collect(),
    }
    for name, items in held.items():
        test = items.filter(items["split"] == "test")
        if "options" in test.columns:
            test = test.filter(test["question_type"] != "open")
        of_benchmark = predictions.filter(predictions["benchmark"] == name)
        assert set(of_benchmark["benchmark_item"]) == set(test["item_id"])
        for baseline in ("majority_baseline", "random_baseline"):
            rows = of_benchmark.filter(of_benchmark["evaluated_model"] == baseline)
            assert rows.height == test.height
    assert predictions.filter(predictions["status"] != "ok").height == 0


def test_every_benchmark_has_a_page_that_works_from_disk(demo_lake: Path) -> None:
    pages = sorted((demo_lake / "evaluation").glob("*.html"))
    assert [page.stem for page in pages] == ["emoverse_probe", "held_out_assess", "held_out_qa"]
    for page in pages:
        text = page.read_text()
        other = "pixel_features" if page.stem == "emoverse_probe" else "valdez_mehrabian"
        assert all(model in text for model in ("majority_baseline", other))
        assert "http" not in text
        assert "<script" not in text
        assert "What moved" in text


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_benchmark_without_items_here_says_so_and_asks_nothing(
    demo_lake: Path, words: tuple[str, ...]
) -> None:
    chosen = ("--benchmark", "held_out_qa", "--benchmark", "artphoto", "--model", "local")
    done = call_eemo("evaluate", *chosen, "--data", demo_lake, *words)
    assert done.returncode == 1
    assert "the benchmark has no items here" in done.stderr
    assert "--benchmark artphoto" in done.stderr


def test_comparisons_are_adjusted_for_their_number(demo_lake: Path) -> None:
    rows = scan_table(demo_lake / "tables", "evaluation__comparisons").collect()
    assert rows.height > 20
    for row in rows.to_dicts():
        assert row["test_p_value"] <= row["test_p_adjusted"] <= 1
        assert row["gained_count"] + row["lost_count"] <= row["shared_items"]
        assert row["mark_difference_lower"] <= row["mark_difference_upper"]


# Faults from which a call recovers: none changes what the model says in the end.
RECOVERABLE = {"latency_ms": 100, "seed": 11, "rules": RECOVERABLE_RULES}
PRICES = '[compatible."local-a"]\ninput = 0.40\noutput = 1.60\n'


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    (tmp_path / "prices.toml").write_text(PRICES)
    with local_server() as running:
        monkeypatch.setenv("EEMO_COMPATIBLE_BASE_URL", running.openai_url)
        monkeypatch.setenv("EEMO_COMPATIBLE_API_KEY", running.key)
        monkeypatch.setenv("EEMO_PRICES", str(tmp_path / "prices.toml"))
        yield running


def asking(lake: Path, *words: str) -> tuple[str | Path, ...]:
    chosen = ("--benchmark", "held_out_assess", "--model", "compatible:local-a")
    return ("evaluate", *chosen, "--data", lake, "--json", *words)


def evaluated(lake: Path) -> list[pl.DataFrame]:
    names = ("evaluation__predictions", "evaluation__scores", "evaluation__comparisons")
    return [scan_table(lake / "tables", name).collect() for name in names]


def ledger_of(lake: Path) -> dict[str, int]:
    """Return the calls of the stage by the ledger, and their cost in nano-USD."""
    query = """
    select
        sum(call_count)::bigint as calls, sum(unanswered_count)::bigint as unanswered,
        round(sum(usd) * 1e9)::bigint as nano_usd, round(sum(usd_at_most) * 1e9)::bigint as at_most
    from costs__calls where stage = 'evaluation'
    """
    done = call_eemo("sql", query, "--data", lake, "--json")
    (found,) = json.loads(done.stdout)
    return found


def stored_in(lake: Path) -> int:
    """Return the number of answers in the ledger."""
    with closing(sqlite3.connect(f"file:{lake}/ledger.sqlite?mode=ro", uri=True)) as ledger:
        (count,) = ledger.execute("select count(*) from answers").fetchone()
    return int(count)


def test_an_evaluation_with_faults_that_is_killed_ends_as_an_undisturbed_one(
    demo_lake: Path, server: LocalServer, tmp_path: Path
) -> None:
    undisturbed = copy_lake(demo_lake, tmp_path / "undisturbed")
    planned = json.loads(call_eemo(*asking(undisturbed, "--dry-run")).stdout)["lines"]
    whole = call_eemo(*asking(undisturbed))
    assert whole.returncode == 0, whole.stderr
    told, bill = json.loads(whole.stdout), server.account()
    assert told["calls"] == bill["billed"] == planned[0]["calls_low"] == planned[0]["items"]
    assert ledger_of(undisturbed)["nano_usd"] == bill["nano_usd"]
    assert ledger_of(undisturbed)["unanswered"] == 0
    assert told["usd"] <= planned[0]["usd_high"]

    lake = copy_lake(demo_lake, tmp_path / "killed")
    server.follow(RECOVERABLE)
    before = stored_in(lake)
    process = start_eemo(tmp_path / "output", *asking(lake))
    deadline = time.monotonic() + 600
    try:
        # Many calls are in flight at once, so a billed answer need not be stored yet.
        while stored_in(lake) == before:
            assert process.poll() is None, (tmp_path / "output").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=120)
    rest = call_eemo(*asking(lake))
    assert rest.returncode == 0, rest.stderr
    assert json.loads(rest.stdout)["reused"] > 0, "answers before the kill are not paid for again"
    for ours, theirs in zip(evaluated(lake), evaluated(undisturbed), strict=True):
        assert ours.equals(theirs)
    after = server.account()
    # Calls in flight at the kill are in the ledger without an outcome, at their upper bound.
    account = ledger_of(lake)
    assert after["requests"] - bill["requests"] <= account["calls"]
    assert account["nano_usd"] <= after["nano_usd"] - bill["nano_usd"] <= account["at_most"]
    again = call_eemo(*asking(lake))
    assert json.loads(again.stdout)["calls"] == 0
    assert server.account()["nano_usd"] == after["nano_usd"]


def test_a_bill_with_faults_is_that_of_the_ledger(
    demo_lake: Path, server: LocalServer, tmp_path: Path
) -> None:
    lake = copy_lake(demo_lake, tmp_path / "lake")
    server.follow(json.loads(FAULT_SCRIPT))
    done = call_eemo(*asking(lake, "--limit", "40"))
    assert done.returncode == 0, done.stderr
    account = ledger_of(lake)
    assert account["nano_usd"] == server.account()["nano_usd"]
    assert (account["calls"], account["unanswered"]) == (server.account()["requests"], 0)
    predictions = evaluated(lake)[0].filter(pl.col("evaluated_model") == "compatible:local-a")
    assert predictions.height == 40
    refused = predictions.filter(pl.col("reply").is_null())
    assert set(refused["status"]) <= {"unanswered"}
    assert refused["reason"].null_count() == 0


def test_a_default_run_keeps_what_a_model_answered(
    demo_lake: Path, server: LocalServer, tmp_path: Path
) -> None:
    lake = copy_lake(demo_lake, tmp_path / "lake")
    assert call_eemo(*asking(lake, "--limit", "5")).returncode == 0
    before, bill = evaluated(lake), server.account()
    done = call_eemo("run", "--data", lake, "--select", 'key:"evaluation__predictions"')
    assert done.returncode == 0, done.stderr
    assert all(ours.equals(theirs) for ours, theirs in zip(evaluated(lake), before, strict=True))
    assert server.account() == bill


def test_a_model_in_a_folder_is_asked_for_the_probabilities_of_level_words(
    demo_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.support.speaking_model import save_speaking_model

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    words = [word for three in KEYWORDS.values() for word in three]
    folder = save_speaking_model(tmp_path / "speaking", '{"answer": "joy"}', words)
    lake = copy_lake(demo_lake, tmp_path / "lake")
    chosen = ("--benchmark", "held_out_assess", "--model", f"transformers:{folder}")
    ask = ("evaluate", *chosen, "--data", lake, "--limit", "30", "--json")
    done = call_eemo(*ask)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["calls"] == 30
    rows = evaluated(lake)[0].filter(pl.col("evaluated_model").str.starts_with("transformers:"))
    assert rows.height == 30
    weighed = rows.filter(pl.col("protocol") == "probability")
    assert weighed.height == rows.filter(pl.col("section").is_in(list(KEYWORDS))).height > 0
    assert set(weighed["parsed_answer"].cast(pl.Float64).round(6)) == {0.5}
    read = rows.filter(pl.col("protocol") == "text")
    assert set(read["reply"]) == {"joy"}
    again = call_eemo(*ask)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["calls"] == 0
    query = "select section, protocol from leaderboard where evaluated_model like 'transformers:%'"
    board = json.loads(call_eemo("sql", query, "--data", lake, "--json").stdout)
    for row in board:
        assert row["protocol"] == ("probability" if row["section"] in KEYWORDS else "text")
