"""AIGIEmo: the fields of its page, in the file names of this project."""

import json

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import WORKER
from tests.support.sources import read_damaged, read_files, reasons

ROWS = [
    {
        "path": "images\\joy\\1.png",
        "caption": "A child laughs on a boat.",
        "reason": "The <b>laughing</b> face.",
        "style": ["photo", "warm"],
        "scene": "outdoor",
        "objects": ["boat", "child"],
        "facial_expression": "happy",
        "action": None,
        "brightness": 0.5,
        "colorfulness": 0.25,
        "emotion": "Excitement",
        "valence": 3,
        "arousal": -4,
    },
    {"path": "images/joy/1.png", "emotion": "Sad", "valence": -1.5, "arousal": 2, "rater": "u7"},
    {"path": "images/joy/1.png", "emotion": "Sad", "rater": "u7"},
    {"path": "images/2.png", "emotion": "Bliss"},
    {"path": "images/2.png", "emotion": "awe", "valence": "5 of 9"},
    {"path": "images/2.png", "emotion": "awe", "valence": "high"},
    {"path": "images/2.png"},
    {"path": "images/gone.png", "emotion": "awe"},
    {"path": "../2.png", "emotion": "awe"},
    {"emotion": "awe"},
    7,
    {"path": "images/2.png", "emotion": ["awe"]},
]
AIGIEMO = {
    "images/joy/1.png": "pixels",
    "images/2.png": "pixels",
    "annotations.jsonl": "\n".join(json.dumps(row) for row in ROWS),
    "prompts.csv": "path,prompt,generator,seed\n"
    'images/joy/1.png,"a child, a boat",gen-4,00017\n'
    "images/2.png,__import__('os').abort(),gen-4,2\n"
    "images/2.png,again,gen-4,2\n",
}


def test_labels_are_labels_and_all_else_is_an_attribute() -> None:
    tables = read_files("aigiemo", AIGIEMO)
    assert tables.row_count == 15
    assert tables.records.select("path", "resolved_by").rows() == [
        ("images/joy/1.png", "exact"),
        ("images/2.png", "exact"),
    ]
    first, second, prompt = tables.annotations.filter(
        pl.col("record_id") == "images/joy/1.png"
    ).to_dicts()
    assert first["native_labels"] == ["Excitement"]
    assert (first["native_valence"], first["native_arousal"]) == (3.0, -4.0)
    assert (first["scale_min"], first["scale_max"]) == (-4.0, 4.0)
    assert json.loads(first["attributes"]) == {
        "caption": "A child laughs on a boat.",
        "reason": "The <b>laughing</b> face.",
        "style": ["photo", "warm"],
        "scene": "outdoor",
        "objects": ["boat", "child"],
        "facial_expression": "happy",
        "action": None,
        "brightness": 0.5,
        "colourfulness": 0.25,
    }
    assert (first["annotator_id"], first["comment"]) == ("release", None)
    assert (second["annotator_id"], second["native_labels"]) == (f"{WORKER}u7", ["Sad"])
    assert second["native_valence"] == -1.5
    assert prompt["annotator_id"] == "prompts"
    assert (prompt["native_labels"], prompt["scale_min"]) == (None, None)
    assert json.loads(prompt["attributes"]) == {
        "prompt": "a child, a boat",
        "generator": "gen-4",
        "seed": "00017",
    }
    assert reasons(tables, "annotations.jsonl") == {
        3: "duplicate_row",
        4: "unknown_label",
        5: "bad_number",
        6: "bad_number",
        7: "empty_row",
        8: "picture_missing",
        9: "unsafe_path",
        10: "missing_value",
        11: "not_an_object",
        12: "unknown_label",
    }
    assert reasons(tables, "prompts.csv") == {3: "duplicate_row"}


def test_another_scale_is_refused_whole_or_declared() -> None:
    rows = [{"path": "images/2.png", "valence": 5}, {"path": "images/joy/1.png", "valence": 2}]
    pictures = {path: text for path, text in AIGIEMO.items() if path.endswith(".png")}
    tables = read_files("aigiemo", {**pictures, "annotations.json": json.dumps(rows)})
    assert reasons(tables) == {1: "unknown_scale", 2: "unknown_scale"}
    declared = [row | {"valence_scale": "1..9", "action": "None"} for row in rows]
    tables = read_files("aigiemo", {**pictures, "annotations.json": json.dumps(declared)})
    assert tables.annotations.select("native_valence", "scale_min", "scale_max").rows() == [
        (5.0, 1.0, 9.0),
        (2.0, 1.0, 9.0),
    ]
    assert tables.annotations["attributes"].to_list() == ['{"action":null}'] * 2


def test_a_list_in_one_file_reads_like_lines() -> None:
    pictures = {path: text for path, text in AIGIEMO.items() if path.endswith(".png")}
    lines = read_files("aigiemo", AIGIEMO).annotations.filter(pl.col("annotator_id") != "prompts")
    listed = read_files("aigiemo", {**pictures, "annotations.json": json.dumps(ROWS)}).annotations
    places = ("table_path", "line")  # only rows of lines have a line
    assert lines.drop(places).equals(listed.drop(places))
    assert read_files("aigiemo", {}).row_count == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    tables = read_damaged("aigiemo", AIGIEMO, seed)
    ratings = tables.annotations["native_valence"].drop_nulls()
    assert ratings.is_between(-4, 4).all()
