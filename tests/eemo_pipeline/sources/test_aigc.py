"""Generated pictures: what was intended is where a picture comes from, never its label."""

import json

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

AIGC_LINES = [
    {
        "path": "g/1.png",
        "licence": "CC0-1.0",
        "prompt": "a joyful old man on a moving boat",
        "generator": "model-x 1.0",
        "seed": 12345678901234567890,
        "parent_image_id": "ab12",
        "replaced": ["subject"],
        "intended_emotion": "Excitement",
        "background": "on a moving boat",
        "attribute": "joyful",
        "subject": "old man",
        "steps": 30,
    },
    {"path": "g/2.png", "license": "CC0-1.0", "intended_emotion": "awe \ud800"},
    {"path": "g/3.png", "intended_emotion": "awe"},
    ["g/1.png"],
    {"path": {"a": 1}, "licence": "x"},
]
AIGC = {
    "g/1.png": "pixels",
    "g/2.png": "pixels",
    "g/3.png": "pixels",
    "g/4.png": "pixels",
    "manifest.jsonl": "\n".join(json.dumps(line) for line in AIGC_LINES)
    + '\n\n{"path": "g/4.png", \n'
    + "[" * 5000
    + "\n",
}


def test_aigc_keeps_what_was_intended_apart_from_labels() -> None:
    tables = read_files("aigc", AIGC)
    assert tables.row_count == 7
    assert tables.records["path"].to_list() == ["g/1.png", "g/2.png"]
    facts = [json.loads(text) for text in tables.records["attributes"]]
    assert facts[0] == {
        "steps": 30,
        "licence": "CC0-1.0",
        "prompt": "a joyful old man on a moving boat",
        "generator": "model-x 1.0",
        "seed": 12345678901234567890,
        "parent_image_id": "ab12",
        "replaced": ["subject"],
        "intended_emotion": "Excitement",
        "triplet": {
            "background": "on a moving boat",
            "attribute": "joyful",
            "subject": "old man",
        },
    }
    assert facts[1] == {"licence": "CC0-1.0", "intended_emotion": "awe ?"}
    labels = tables.annotations.select("native_labels", "native_weights", "comment")
    assert labels.null_count().row(0) == (2, 2, 2)
    assert tables.records["native_label"].null_count() == 2
    assert reasons(tables) == {
        3: "missing_licence",
        4: "not_an_object",
        5: "picture_missing",
        6: "bad_json",
        7: "bad_json",
    }


def test_a_folder_without_a_manifest_has_no_record() -> None:
    assert read_files("aigc", {}).row_count == 0
    tables = read_files("aigc", {"a.jpg": "pixels", "labels.csv": "path,licence\na.jpg,CC0\n"})
    assert (tables.row_count, tables.records.height) == (0, 0)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    tables = read_damaged("aigc", AIGC, seed)
    licences = [json.loads(text)["licence"] for text in tables.records["attributes"]]
    assert all(str(licence).strip() for licence in licences)
    assert tables.annotations.filter(pl.col("native_labels").is_not_null()).is_empty()
