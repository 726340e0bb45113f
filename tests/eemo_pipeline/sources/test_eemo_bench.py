"""EEmo-Bench: the single file is the truth, pairs must agree with it, questions are kept."""

import json

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.sources import eemo_bench
from tests.support.sources import read_damaged, read_files, reasons


def single(name: str, emotions: object, valence: object = None, **more: object) -> dict:
    return {
        "image_name": name,
        "category": "Animal",
        "emotion_list": emotions,
        "Valence": [5.333, 0.816, 1.667] if valence is None else valence,
        "Arousal": [6.444, 1.0, 0.444],
        "Dominance": [5.444, 2.0, 1.556],
        **more,
    }


def pair(first: str, second: str, question: str = "Which?", **more: object) -> dict:
    return {
        "id": 0,
        "image1_url": f"{first}.jpg",
        "image1": f"images\\{first}.jpg",
        "image1_label": label(1, "'Joy': 39, 'Neutral': 37, 'Surprise': 33"),
        "image2_url": f"{second}.jpg",
        "image2": f"images\\{second}.jpg",
        "image2_label": label(2, "'Fear': 40, 'Anger': 40, 'Sadness': 10"),
        "question": question,
        "options": "{'A': 'No.', 'B': 'Yes.'}",
        "correct_answer": "B",
        "question_type": "Yes-or-No",
        "response(gpt-4o)": "B: Yes.",
        "eval_result(gpt-4o)": 1,
        "if_invalid(gpt-4o)": 0,
        **more,
    }


def label(number: int, votes: str, valence: str = "5.33") -> str:
    return (
        f"[Image{number}] Ranking:{{{votes}}}     category:Abstract/Cartoon image     "
        f"Valence:{valence}  Arousal:6.44  Dominance:5.44"
    )


JOY = [["joy", 39], ["neutral", 37], ["surprise", 33]]
FEAR = [["fear", 40], ["anger", 40], ["sadness", 10]]
SINGLE = [
    single("1.jpg", JOY, judge_Q="Is joy dominant?", judge_A={"A": "No", "B": "Yes"}),
    single("2.jpg", FEAR),
    single("2.jpg", FEAR),
    single("3.jpg", [["bliss", 3]]),
    single("3.jpg", [["joy", "many"]]),
    single("3.jpg", "joy"),
    single("3.jpg", JOY, [9.5, 0.1, 0]),
    single("3.jpg", JOY, ["high"]),
    single("3.jpg", JOY, [5, -1, 0]),
    single("gone.jpg", JOY),
    single("../1.jpg", JOY),
    single("", JOY),
    "1.jpg",
]
OPEN = [
    single("1.jpg", JOY, open_ended_Q="Why?"),
    single("2.jpg", JOY, open_ended_Q="Why?"),
]
PAIRS = [
    pair("1", "2"),
    pair("1", "2"),
    pair("1", "4", "Whose label is not in the single file?"),
    pair("1", "2", "Votes differ?", image1_label=label(1, "'Joy': 60, 'Neutral': 37")),
    pair(
        "1",
        "2",
        "Means differ?",
        image2_label=label(2, "'Fear': 40, 'Anger': 40, 'Sadness': 10", "1.73"),
    ),
    pair("1", "2", "Code?", options="__import__('os').abort()"),
    pair("1", "2", "Long?", options="[" * 900),
    pair("1", "2", "No text?", image1_label="Joy"),
    pair("1", "gone", "Where?"),
    pair("2", "1", "Open?", options="", image1_label=None, image2_label=None),
]
PLAIN_PAIRS = [
    {
        "image1_url": "1.jpg",
        "image2_url": "2.jpg",
        "judge_question": "Both?",
        "judge_options": {"A": "Yes.", "B": ""},
        "judge_answer": "A",
        "open_ended_question": "",
    },
    {"image_url": "3.jpg", "question": "Is joy dominant?", "options": "{'A': 'Yes'}"},
]
EEMO = {
    **{f"images/{number}.jpg": "pixels" for number in (1, 2, 3)},
    "images/4.JPG": "pixels",
    "test_data/Ebench_1_data(jac_en_check).json": json.dumps(SINGLE),
    "test_data/Ebench_open_ended(en).json": json.dumps(OPEN),
    "test_data/Ebench_imgpir(en).json": json.dumps(PLAIN_PAIRS),
    "leaderboards/gpt-4o/EEmo-Bench(gpt-4o-pair).json": json.dumps(PAIRS),
}
PAIR_FILE = "leaderboards/gpt-4o/EEmo-Bench(gpt-4o-pair).json"
SINGLE_FILE = "test_data/Ebench_1_data(jac_en_check).json"


def test_the_single_file_gives_the_labels_as_they_stand() -> None:
    tables = read_files("eemo_bench", EEMO)
    assert tables.row_count == 13 + 2 + 2 + 10
    labelled = tables.annotations.filter(pl.col("native_labels").is_not_null()).to_dicts()
    assert [row["record_id"] for row in labelled] == ["images/1.jpg", "images/2.jpg"]
    first = labelled[0]
    assert first["native_labels"] == ["joy", "neutral", "surprise"]
    assert first["native_weights"] == [39.0, 37.0, 33.0]
    assert [first[f"native_{name}"] for name in ("valence", "arousal", "dominance")] == [
        5.333,
        6.444,
        5.444,
    ]
    assert (first["native_valence_sd"], first["native_arousal_sd"]) == (0.816, 1.0)
    assert (first["scale_min"], first["scale_max"], first["rater_count"]) == (1.0, 9.0, None)
    assert json.loads(first["attributes"]) == {
        "dominance_sd": 2.0,
        "valence_third": 1.667,
        "arousal_third": 0.444,
        "dominance_third": 1.556,
        "judge_Q": "Is joy dominant?",
        "judge_A": {"A": "No", "B": "Yes"},
    }
    assert json.loads(tables.records["attributes"][0]) == {"category": "Animal"}
    assert reasons(tables, SINGLE_FILE) == {
        3: "duplicate_row",
        4: "unknown_label",
        5: "bad_list",
        6: "bad_list",
        7: "out_of_range",
        8: "bad_number",
        9: "out_of_range",
        10: "picture_missing",
        11: "unsafe_path",
        12: "missing_value",
        13: "not_an_object",
    }


def test_pairs_and_open_questions_add_no_votes_and_must_agree() -> None:
    tables = read_files("eemo_bench", EEMO)
    ways = dict(tables.records.select("record_id", "resolved_by").rows())
    assert ways["images/4.JPG"] == "extension"
    assert reasons(tables, "test_data/Ebench_open_ended(en).json") == {2: "conflicts_with_single"}
    assert reasons(tables, PAIR_FILE) == {
        2: "duplicate_row",
        4: "conflicts_with_single",
        5: "conflicts_with_single",
        6: "bad_options",
        7: "bad_options",
        8: "bad_label_text",
        9: "picture_missing",
    }
    details = dict(
        tables.rejects.filter(pl.col("path") == PAIR_FILE).select("row", "detail").rows()
    )
    assert "joy 60" in details[4]
    assert "joy 39" in details[4]
    assert "1.73" in details[5]
    assert "5.333" in details[5]
    asked = tables.annotations.filter(pl.col("table_path") == PAIR_FILE).to_dicts()
    assert [row["record_id"] for row in asked] == ["images/1.jpg", "images/1.jpg", "images/2.jpg"]
    facts = json.loads(asked[0]["attributes"])
    assert facts["options"] == {"A": "No.", "B": "Yes."}
    assert (facts["correct_answer"], facts["image2_url"]) == ("B", "2.jpg")
    assert not any("gpt-4o" in name for name in facts)
    assert {row["annotator_id"] for row in asked} == {"benchmark"}
    lone = tables.annotations.filter(pl.col("record_id") == "images/3.jpg").to_dicts()
    assert [json.loads(row["attributes"])["options"] for row in lone] == [{"A": "Yes"}]


def test_pairs_without_the_single_file_are_questions_alone() -> None:
    files = {path: text for path, text in EEMO.items() if "test_data" not in path}
    tables = read_files("eemo_bench", files)
    assert tables.annotations["native_labels"].null_count() == tables.annotations.height > 0
    assert {"images/1.jpg", "images/2.jpg", "images/4.JPG"} <= set(tables.records["path"])


def test_what_is_not_json_is_one_row() -> None:
    found = {b"<html>": "json", b"[" * 100_000: "json", b'[{"a":': "json", b"\0\xff": "encoding"}
    for content, fault in found.items():
        tables = read_files("eemo_bench", {"images/1.jpg": "pixels", "a.json": content})
        assert (tables.row_count, reasons(tables)) == (1, {1: f"bad_{fault}"})
    assert read_files("eemo_bench", {"a.json": "[]", "b.json": " "}).row_count == 0
    assert eemo_bench.SOURCE.role == "evaluation"


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    tables = read_damaged("eemo_bench", EEMO, seed)
    for name in ("valence", "arousal", "dominance"):
        assert tables.annotations[f"native_{name}"].drop_nulls().is_between(1, 9).all()


def test_an_image_that_a_row_names_exactly_is_no_other_rows() -> None:
    rows = [single("1.png", FEAR), single("1.jpg", JOY), single("Lone.jpg", JOY)]
    files = {"labels.json": json.dumps(rows), "1.jpg": "pixels", "lone.jpg": "others"}
    tables = read_files("eemo_bench", files)
    assert tables.records.select("path", "resolved_by").rows() == [
        ("1.jpg", "exact"),
        ("lone.jpg", "case"),
    ]
    assert tables.annotations["native_labels"].to_list()[0] == ["joy", "neutral", "surprise"]
    assert reasons(tables) == {1: "picture_missing"}
