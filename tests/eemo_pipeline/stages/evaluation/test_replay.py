"""Response files are scored to the last digit that their owners print."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import call_eemo
from tests.support.responses import DESCRIBED, INVALID, write_pair_file

COLUMNS = ("Yes-or-No", "What/How", "Overall", "Description", *list(DESCRIBED)[:4])
# Right answers, then the numbers that EEmo-Bench prints in the order of COLUMNS.
PUBLISHED = {
    "deepseek-vl2-tiny": (507, 386, 50.40, 38.41, 44.41, 43.13, 32.91, 56.93, 44.67, 36.48),
    "deepseek_vl": (532, 389, 52.88, 38.71, 45.80, 46.73, 39.75, 58.13, 48.67, 33.33),
    "gpt-4o": (648, 618, 64.41, 61.49, 62.95, 73.93, 56.96, 90.67, 79.33, 64.44),
    "janus_7b": (535, 437, 53.18, 43.48, 48.33, 42.27, 40.13, 56.00, 36.33, 32.96),
    "llava-onevision-72b": (654, 584, 65.01, 58.11, 61.56, 64.73, 47.34, 82.93, 76.33, 47.78),
    "mPLUG-owl2-7b": (612, 384, 60.83, 38.21, 49.52, 22.87, 23.42, 20.93, 25.50, 17.59),
    "qwen2-7b": (553, 547, 54.97, 54.43, 54.70, 55.87, 43.29, 72.40, 57.50, 47.96),
}


def replayed(path: Path, *words: str) -> dict[str, Any]:
    done = call_eemo(
        "evaluate", "--benchmark", "eemo_bench_pair", "--replay", path, "--json", *words
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def whole(told: dict[str, Any], marking: str) -> dict[str, dict[str, Any]]:
    """Return number -> its row, over all items; of equal names the first counts."""
    rows = [row for row in told["scores"] if row["marking"] == marking and not row["aspect"]]
    return {row["number"]: row for row in reversed(rows)}


def votes_of(overall: float, columns: tuple[float, ...]) -> list[int]:
    """Return the votes per dimension that give the printed columns."""
    sizes = list(DESCRIBED.values())
    votes = [round(column / 10 * size) for column, size in zip(columns, sizes, strict=False)]
    return [*votes, round(overall / 10 * sum(sizes)) - sum(votes)]


@pytest.mark.parametrize("model", PUBLISHED)
def test_the_published_numbers_are_reproduced_to_the_last_digit(model: str, tmp_path: Path) -> None:
    yes_no, what_how, *printed = PUBLISHED[model]
    path = tmp_path / f"EEmo-Bench({model}-pair).json"
    votes = votes_of(printed[3], tuple(printed[4:]))
    write_pair_file(path, model, int(yes_no), int(what_how), votes)
    told = replayed(path)
    perception, description = told["numbers"]["perception"], told["numbers"]["description"]
    ours = {**perception, "Description": description["Overall"], **description}
    ours["Overall"] = perception["Overall"]
    assert [ours[name] for name in COLUMNS] == printed
    assert told["model"] == model
    assert told["marking"] == "given"
    assert told["excluded_items"] == [f"{INVALID:05d}"]
    beside = [
        row["published"]
        for row in told["scores"]
        if row["marking"] == "given" and not row["aspect"]
    ]
    assert beside == [*printed[:3], *printed[4:], printed[3], None]
    for row in told["scores"]:
        assert row["lower"] <= row["unrounded"] <= row["upper"]


def test_both_readings_stand_beside_the_marks_of_the_owners(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    rows = write_pair_file(path, "m", 500, 300, [0] * 5)
    choices = [row for row in rows if row["question_type"] == "Yes-or-No"]
    # Right, and the letter comes late; right in both readings; no answer at all; no reply.
    choices[0]["response(m)"] = "Both look glad.\n\nThe answer is: **B: Yes.**"
    choices[1]["response(m)"] = "B"
    choices[2]["response(m)"] = "I cannot say."
    del choices[3]["response(m)"]
    path.write_text(json.dumps(rows), "utf-8")
    told = replayed(path)
    by = {
        (marking, number): row
        for marking in ("given", "tolerant", "strict")
        for number, row in whole(told, marking).items()
    }
    assert by["given", "Yes-or-No"]["value"] == 49.70
    assert by["tolerant", "Yes-or-No"]["value"] == 49.50
    assert by["strict", "Yes-or-No"]["value"] == 49.40
    assert by["tolerant", "Yes-or-No"]["covered"] == 1004 / 1006
    assert by["strict", "Yes-or-No"]["covered"] == 1003 / 1006
    assert told["states"] == {"ok": 2310, "unanswered": 1, "unparsable": 1}
    assert told["readings"]["tolerant"]["perception"]["Yes-or-No"] == 49.50


def test_no_row_of_a_damaged_file_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    rows: list[Any] = write_pair_file(path, "m", 500, 300, [0] * 5)
    rows[5]["options"] = "__import__('os').system('false')"
    rows[7]["eval_result(m)"] = ["1", "1", "1", "1", "1"]
    rows[1000]["eval_result(m)"] = {"no": "number"}
    del rows[1777]["if_invalid(m)"]
    rows += [None, {"question_type": "Drawing"}, rows[0]]
    path.write_text(json.dumps(rows), "utf-8")
    told = replayed(path)
    assert told["rows"] == 2315 == told["items"] + len(told["refusals"])
    reasons = [refusal["reason"] for refusal in told["refusals"]]
    assert reasons == ["not_an_object", "unknown_value", "duplicate_row"]
    counted = {number: row["items"] for number, row in whole(told, "given").items()}
    assert counted["Yes-or-No"] == 1006
    assert counted["What/How"] == 1005


def test_a_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    rows = write_pair_file(path, "m", 500, 300, [0] * 5)
    for text, words in (
        ("[", "no JSON"),
        ("[1, 2]", "known layouts"),
        (json.dumps([{**rows[0], "response(n)": "A"}]), "answers of m, n; one is needed"),
    ):
        path.write_text(text, "utf-8")
        done = call_eemo("evaluate", "--benchmark", "eemo_bench_pair", "--replay", path)
        assert done.returncode == 2
        assert words in done.stderr
    path.write_text(json.dumps([{**rows[0], "response(n)": "A"}]), "utf-8")
    assert replayed(path, "--model", "n")["model"] == "n"
    done = call_eemo("evaluate", "--benchmark", "eemo_bench_pear", "--replay", path)
    assert done.returncode == 2
    assert "eemo_bench_pair" in done.stderr


def test_rankings_beside_the_answers_have_the_published_scores(tmp_path: Path) -> None:
    said = ("fear, surprise, neutral", "[Fear, Surprise, Sadness]", "Fear,Sadness,Neutral")
    label = "[Image] Ranking:{'Fear': 40, 'Disgust': 30, 'Neutral': 20}     category:Animal"
    rows = [
        {"id": place, "image_url": f"{place}.jpg", "image_label": label, "question": "?"}
        | {"question_type": "Yes-or-No", "correct_answer": "A", "M": "A", "M(ranking)": ranking}
        for place, ranking in enumerate(said)
    ]
    rows.append({**rows[0], "id": 9, "question_type": "What/How", "M(ranking)": None})
    path = tmp_path / "single.json"
    path.write_text(json.dumps(rows), "utf-8")
    done = call_eemo("evaluate", "--benchmark", "eemo_bench_ranking", "--replay", path, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["numbers"] == {"ranking": {"Ranking": 53.89}}, "of 68.33, 25 and 68.33"
    assert [refusal["reason"] for refusal in told["refusals"]] == ["other_task"]
