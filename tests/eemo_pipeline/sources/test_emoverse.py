"""EmoVerse in both of its released layouts, with the faults that its authors look for."""

import json

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

# The README's own record, and one of the card.
PARK = {
    "id": "Amusement000001",
    "image_path": "images\\amusement\\Amusement000001.jpg",
    "description": "A group of people enjoy a leisurely stroll on a sun-dappled park path.",
    "emotion": "Amusement",
    "confidence": 5.0,
    "background": "A sun-dappled park path lined with tall trees",
    "attribute": "Leisurely",
    "subject": "People",
    "B-A-S": "A sun-dappled park path lined with tall trees-Leisurely-People",
    "DES": [10.3387, 7.153, 1.816],
    "bbox": [{"x1": 156, "y1": 283, "x2": 296, "y2": 678}],
    "mask_path": None,
}
BOAT = {
    "image": "images/boat.jpg",
    "description": "A joyful blond child in a life vest laughs loudly on a moving boat.",
    "emotion_category": "Excitement",
    "confidence_score": 9,
    "background": "Moving boat",
    "attribute": "Joyful",
    "subject": "Child",
    "DES_representation": [0.1],
    "bounding_box": [2, 24, 784, 636, 5, 5, 9, 9],
    "source": "emoset",
}
FILES = {
    "images/amusement/Amusement000001.jpg": "one",
    "images/boat.jpg": "two",
    "images/three.jpg": "three",
    "images/four.jpg": "four",
    "annotations.json": json.dumps(
        [
            PARK,
            PARK,
            PARK | {"image_path": ""},
            PARK | {"image_path": "gone.jpg"},
            PARK | {"image_path": "../images/boat.jpg"},
            PARK | {"id": "A1", "image_path": "images/four.jpg", "emotion": "Joy"},
            PARK
            | {"id": "A2", "image_path": "images/three.jpg", "emotion": "Sad"}
            | {"bbox": [{"x1": 9, "y1": 1, "x2": 3, "y2": 2}], "confidence": "very"},
            7,
        ]
    ),
    "data/train.jsonl": f"{json.dumps(BOAT)}\n{{}}\nno json\n",
    "empty.json": "",
    "nothing.json": "[]",
    "README.md": "x",
}


def test_both_layouts_are_read_and_the_emotion_is_nobodys() -> None:
    tables = read_files("emoverse", FILES)
    attributes = {
        row["record_id"]: json.loads(row["attributes"]) for row in tables.records.to_dicts()
    }
    park, boat = attributes["Amusement000001"], attributes["images/boat.jpg"]
    assert park["external_id"] == "Amusement000001"
    assert park["boxes"] == [[156, 283, 296, 678]]
    assert (park["confidence"], park["vector_length"]) == (5.0, 3)
    assert boat["boxes"] == [[2, 24, 784, 636], [5, 5, 9, 9]]
    assert (boat["subject"], boat["origin"], boat["confidence"]) == ("Child", "emoset", 9.0)
    assert set(tables.annotations["semantics"]) == set(tables.records["semantics"]) == {"none"}
    assert tables.records["native_label"].to_list() == ["Amusement", "Joy", "Sad", "Excitement"]


def test_what_cannot_be_used_has_its_reason_and_place() -> None:
    tables = read_files("emoverse", FILES)
    assert reasons(tables, "annotations.json") == {
        2: "duplicate_row",
        3: "missing_value",
        4: "picture_missing",
        5: "unsafe_path",
        6: "unknown_label",
        8: "not_an_object",
    }
    assert reasons(tables, "data/train.jsonl") == {2: "missing_value", 3: "bad_json"}
    third = tables.records.filter(pl.col("record_id") == "A2")["attributes"].item()
    assert set(json.loads(third)["unusable"]) == {"boxes", "confidence"}
    assert "boxes" not in json.loads(third)


def test_an_empty_folder_is_no_record() -> None:
    assert read_files("emoverse", {}).row_count == 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    read_damaged("emoverse", FILES, seed)
