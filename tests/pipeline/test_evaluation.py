"""Models of the demo on held-out items: in the tables, on the leaderboard, beside the majority."""

import json
from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.lake.parquet import scan_table
from tests.support.commands import call_eemo

MODELS = {
    *("valdez_mehrabian", "ou_solli_lenz", "linear_probe", "emotion_classifier"),
    *("majority_baseline", "random_baseline"),
}


@pytest.fixture(scope="module")
def board(demo_lake: Path) -> list[dict[str, Any]]:
    done = call_eemo("sql", "from leaderboard", "--data", demo_lake, "--json")
    return json.loads(done.stdout)


def test_the_leaderboard_has_every_model_beside_the_baselines(board: list[dict[str, Any]]) -> None:
    assert {row["evaluated_model"] for row in board} == MODELS
    accuracies = [row for row in board if row["number"] == "Accuracy"]
    assert [row["place"] for row in accuracies] == sorted(row["place"] for row in accuracies)
    for row in board:
        assert row["lower"] is None or row["lower"] <= row["upper"]
        assert row["items"] > 0


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


def test_comparisons_are_adjusted_for_their_number(demo_lake: Path) -> None:
    rows = scan_table(demo_lake / "tables", "evaluation__comparisons").collect()
    assert rows.height > 20
    for row in rows.to_dicts():
        assert row["test_p_value"] <= row["test_p_adjusted"] <= 1
        assert row["gained_count"] + row["lost_count"] <= row["shared_items"]
        assert row["mark_difference_lower"] <= row["mark_difference_upper"]
