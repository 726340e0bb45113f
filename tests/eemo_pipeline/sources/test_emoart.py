"""EmoArt's records with Windows paths, missing sections and noisy labels."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.emotion.mappings import list_mappings
from eemo_pipeline.readers.contract import SourceTables
from tests.support.sources import read_damaged, read_files, reasons


def record(request: str, path: Any, emotion: Any = "Calm", **sections: Any) -> dict[str, Any]:
    full = {
        "first_section": {"description": "A bridge in rain"},
        "second_section": {
            "visual_attributes": {"brushstroke": "fine", "color": "blue"},
            "emotional_impact": "It calms",
        },
        "third_section": {
            "emotional_arousal_level": "Low",
            "emotional_valence": "Positive",
            "dominant_emotion": emotion,
            "healing_effects": ["rest"],
        },
    }
    return {"request_id": request, "image_path": path, "description": {**full, **sections}}


RECORDS = [
    record("Shin-hanga_request-93", "Images\\Shin-hanga\\1.jpg", " calm "),
    record("Abstract Art_request-1", "Images\\Abstract Art\\2.jpg", "Contentment"),
    record("Shin-hanga_request-94", "Images\\Shin-hanga\\3.jpg", third_section=None),
    {"image_path": "./Images/Shin-hanga/4.jpg", "description": {"third_section": {}}},
    record("Shin-hanga_request-96", "Images\\Shin-hanga\\5.jpg", "Sadness-like"),
    record("Shin-hanga_request-97", "Images\\..\\..\\1.jpg"),
    record("Shin-hanga_request-98", "Images\\Shin-hanga\\gone.jpg"),
    record("Shin-hanga_request-99", "Images\\Shin-hanga\\1.jpg", "Sad"),
    "Shin-hanga",
    record("Shin-hanga_request-100", None),
    record("Shin-hanga_request-101", "C:\\Images\\Shin-hanga\\1.jpg"),
    record("odd", "Images\\Shin-hanga\\6.jpg", "Tired", first_section=[1], second_section="x"),
]
EMOART = {
    "Annotation.json": json.dumps(RECORDS),
    "Images/Shin-hanga/1.jpg": "pixels",
    "Abstract Art/2.jpg": "pixels",  # as the archive of a style unpacks
    **{f"Images/Shin-hanga/{number}.jpg": "pixels" for number in (3, 4, 5, 6)},
}


def row_of(tables: SourceTables, record_id: str) -> dict[str, Any]:
    (row,) = tables.annotations.filter(pl.col("record_id") == record_id).to_dicts()
    return row


def test_labels_stay_as_found_and_categories_stay_words() -> None:
    tables = read_files("emoart", EMOART)
    row = row_of(tables, "Shin-hanga_request-93")
    assert (row["native_labels"], row["native_weights"]) == ([" calm "], [1.0])
    assert [row[f"native_{name}"] for name in ("valence", "arousal", "dominance")] == [None] * 3
    assert row["comment"] is None
    assert row["annotator_id"] == "model"
    assert json.loads(row["attributes"]) == {
        "label_source": "model",
        "description": "A bridge in rain",
        "visual_attributes": {"brushstroke": "fine", "color": "blue"},
        "emotional_impact": "It calms",
        "emotional_arousal_level": "Low",
        "emotional_valence": "Positive",
        "healing_effects": ["rest"],
    }
    assert set(tables.annotations["label_space"]) == {"emoart12"}
    assert not any(space == "emoart12" for space, _ in list_mappings())


def test_windows_paths_lead_to_both_layouts() -> None:
    tables = read_files("emoart", EMOART)
    paths = dict(tables.records.select("record_id", "path").rows())
    assert paths["Shin-hanga_request-93"] == "Images/Shin-hanga/1.jpg"
    assert paths["Abstract Art_request-1"] == "Abstract Art/2.jpg"
    styles = dict(tables.records.select("record_id", "attributes").rows())
    assert json.loads(styles["Abstract Art_request-1"]) == {"style": "Abstract Art"}
    assert styles["odd"] is None


def test_a_missing_section_costs_what_stood_in_it() -> None:
    tables = read_files("emoart", EMOART)
    without = row_of(tables, "Shin-hanga_request-94")
    assert (without["native_labels"], without["native_weights"]) == (None, None)
    assert "emotional_valence" not in json.loads(without["attributes"])
    odd = row_of(tables, "odd")
    assert odd["native_labels"] == ["Tired"]
    assert "description" not in json.loads(odd["attributes"])


def test_bad_rows_are_refused_one_by_one() -> None:
    tables = read_files("emoart", EMOART)
    assert tables.row_count == len(RECORDS)
    assert reasons(tables) == {
        4: "missing_value",
        5: "unknown_label",
        6: "unsafe_path",
        7: "picture_missing",
        8: "duplicate_row",
        9: "not_an_object",
        10: "missing_value",
        11: "unsafe_path",
    }


def test_a_single_object_is_a_list_of_one() -> None:
    tables = read_files("emoart", {**EMOART, "Annotation.json": json.dumps(RECORDS[0])})
    assert (tables.row_count, len(tables.annotations)) == (1, 1)


def test_the_smaller_file_alone_and_beside_the_larger_one() -> None:
    small = json.dumps([RECORDS[0], record("Shin-hanga_request-5", "Images\\Shin-hanga\\5.jpg")])
    pictures = {path: text for path, text in EMOART.items() if path.endswith(".jpg")}
    alone = read_files("emoart", {**pictures, "Images/annotation_5k.json": small})
    assert len(alone.annotations) == 2
    larger = json.dumps(RECORDS[:1])
    files = {**pictures, "Images/annotation_5k.json": small, "Annotation.json": larger}
    both = read_files("emoart", files)
    assert reasons(both, "Images/annotation_5k.json") == {1: "duplicate_row"}
    assert len(both.annotations) == 2


@pytest.mark.parametrize("text", ["", "<html>", "[" * 100_000, "[]"])
def test_a_file_without_records_raises_nothing(text: str) -> None:
    tables = read_files("emoart", {**EMOART, "Annotation.json": text})
    assert tables.annotations.is_empty()


def test_an_absent_dataset_has_no_rows() -> None:
    assert read_files("emoart", {}).row_count == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_random_damage_never_raises_and_loses_no_row(seed: int) -> None:
    read_damaged("emoart", EMOART, seed)
