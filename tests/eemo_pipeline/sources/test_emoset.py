"""EmoSet's split files of three and of four fields, and the attributes of each picture."""

import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import SourceTables
from tests.support.sources import read_damaged, read_files, reasons


def row_of(name: str) -> list[str]:
    emotion = name.partition("_")[0]
    return [emotion, f"image/{emotion}/{name}.jpg", f"annotation/{emotion}/{name}.json"]


TRAIN = [
    row_of("awe_06628"),
    row_of("fear_00001"),
    row_of("anger_00007"),
    ["bliss", "image/bliss/bliss_00001.jpg", "annotation/bliss/bliss_00001.json"],
    row_of("awe_99999"),
    ["awe", "image/../../awe_06628.jpg", "annotation/awe/awe_06628.json"],
    row_of("awe_06628"),
    ["awe"],
    {"emotion": "awe"},
    ["awe", ["image/awe/awe_06628.jpg"]],
]
EMOSET = {
    "train.json": json.dumps(TRAIN),
    # the four fields that the documentation shows, and Windows paths
    "val.json": json.dumps(
        [
            ["sadness", 12, "image/sadness/sadness_00012.jpg", "annotation/sadness/s.json"],
            ["contentment", "image\\contentment\\contentment_00003.jpg"],
        ]
    ),
    "test.json": json.dumps([row_of("disgust_00002")]),
    # as in the archive: the emotions alone
    "info.json": json.dumps({"emotion": {"label2idx": {"amusement": 5}}}),
    **{
        f"image/{name.partition('_')[0]}/{name}.jpg": "pixels"
        for name in (
            "awe_06628",
            "fear_00001",
            "anger_00007",
            "bliss_00001",
            "sadness_00012",
            "contentment_00003",
            "disgust_00002",
        )
    },
    "annotation/awe/awe_06628.json": json.dumps(
        {
            "image_id": "awe_06628",
            "emotion": "awe",
            "brightness": 1,
            "colorfulness": 0,
            "scene": "bakery/shop",
            "facial_expression": "happy",
            "human_action": "riding bike",
            "object": ["Alarm clock", "Tree"],
        }
    ),
    "annotation/fear/fear_00001.json": json.dumps(
        {"image_id": "fear_00001", "emotion": "anger", "brightness": "0.3", "colorfulness": 4}
    ),
    "annotation/anger/anger_00007.json": "{",
    "annotation/contentment/contentment_00003.json": json.dumps(
        {"emotion": "contentment", "brightness": 0.5, "colorfulness": 0.25, "object": [1]}
    ),
    "annotation/disgust/disgust_00002.json": "[]",
}


def attributes_of(tables: SourceTables, name: str) -> dict[str, object]:
    found = tables.records.filter(pl.col("record_id").str.contains(name, literal=True))
    return json.loads(found["attributes"].item())


def test_three_and_four_fields_are_told_apart_by_their_shape() -> None:
    tables = read_files("emoset", EMOSET)
    labels = dict(tables.records.select("path", "native_label").rows())
    assert labels["image/awe/awe_06628.jpg"] == "awe"
    assert labels["image/sadness/sadness_00012.jpg"] == "sadness"
    assert labels["image/contentment/contentment_00003.jpg"] == "contentment"
    splits = dict(tables.records.select("path", "source_split").rows())
    assert splits["image/sadness/sadness_00012.jpg"] == "val"
    assert splits["image/disgust/disgust_00002.jpg"] == "test"
    row = tables.annotations.filter(pl.col("record_id") == "image/awe/awe_06628.jpg").to_dicts()[0]
    assert (row["native_labels"], row["native_weights"]) == (["awe"], [1.0])
    assert (row["native_valence"], row["rater_count"]) == (None, None)
    assert (row["label_space"], row["semantics"]) == ("mikels8", "evoked")
    assert attributes_of(tables, "sadness_00012")["id"] == "12"


def test_attributes_that_are_absent_stay_absent() -> None:
    tables = read_files("emoset", EMOSET)
    assert attributes_of(tables, "awe_06628") == {
        "brightness": 1.0,
        "colorfulness": 0.0,
        "scene": "bakery/shop",
        "facial_expression": "happy",
        "human_action": "riding bike",
        "object": ["Alarm clock", "Tree"],
    }
    # levels are numbers with a point, however they were written
    assert '"brightness":1.0' in tables.records["attributes"].str.join("").item()
    assert attributes_of(tables, "contentment_00003") == {
        "brightness": 0.5,
        "colorfulness": 0.25,
        "unusable": {"object": "[1]"},
    }


def test_what_is_wrong_with_a_picture_file_is_said_and_the_label_kept() -> None:
    tables = read_files("emoset", EMOSET)
    assert attributes_of(tables, "fear_00001") == {
        "brightness": 0.3,
        "annotation_emotion": "anger",
        "unusable": {"colorfulness": "4"},
    }
    assert attributes_of(tables, "anger_00007") == {"annotation_problem": "bad_json"}
    assert attributes_of(tables, "disgust_00002") == {"annotation_problem": "not_an_object"}
    assert attributes_of(tables, "sadness_00012")["annotation_problem"] == "missing"
    assert tables.records.filter(pl.col("record_id").str.contains("fear"))[
        "native_label"
    ].to_list() == ["fear"]


def test_bad_rows_are_refused_one_by_one() -> None:
    tables = read_files("emoset", EMOSET)
    assert tables.row_count == 13 + 2
    assert reasons(tables, "train.json") == {
        4: "unknown_label",
        5: "picture_missing",
        6: "unsafe_path",
        7: "duplicate_row",
        8: "missing_value",
        9: "bad_list",
        10: "bad_list",
    }


def test_files_of_pictures_that_are_damaged_or_unnamed_are_refused() -> None:
    files = {**EMOSET, "annotation/awe/awe_31415.json": "{}"}
    refused = read_files("emoset", files).rejects.filter(pl.col("path").str.contains("annotation/"))
    assert sorted(refused.select("path", "row", "reason").rows()) == [
        ("annotation/anger/anger_00007.json", 1, "bad_json"),
        ("annotation/awe/awe_31415.json", 1, "unreferenced"),
        ("annotation/disgust/disgust_00002.json", 1, "not_an_object"),
    ]


@pytest.mark.parametrize("info", [None, "", "{", "[1]", '{"emotion": {}}'])
def test_the_vocabulary_file_does_not_matter(info: str | None) -> None:
    files = {path: text for path, text in EMOSET.items() if path != "info.json"}
    changed = files if info is None else {**files, "info.json": info}
    assert (
        read_files("emoset", changed).records["attributes"].to_list()
        == read_files("emoset", EMOSET).records["attributes"].to_list()
    )


@pytest.mark.parametrize("text", ["<html>", "{}", '"awe"', "[" * 100_000])
def test_a_split_file_that_is_no_list_is_one_reject(text: str) -> None:
    tables = read_files("emoset", {**EMOSET, "train.json": text})
    assert reasons(tables, "train.json") == {1: "bad_json"}
    left = tables.rejects.filter(pl.col("path").str.contains("annotation/"))
    assert "unreferenced" in set(left["reason"])
    assert tables.row_count == 4 + left.height


def test_one_folder_deeper_everything_is_found() -> None:
    deeper = {f"EmoSet-118K/{path}": text for path, text in EMOSET.items()}
    tables = read_files("emoset", deeper)
    assert set(tables.records["resolved_by"]) == {"nested"}
    assert attributes_of(tables, "awe_06628")["scene"] == "bakery/shop"


def test_an_absent_dataset_has_no_rows() -> None:
    assert read_files("emoset", {}).row_count == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_random_damage_never_raises_and_loses_no_row(seed: int) -> None:
    read_damaged("emoset", EMOSET, seed)


def test_attributes_that_a_row_names_exactly_are_no_other_images() -> None:
    rows = [
        ["awe", "image/awe/a.jpg", "annotation/awe/One.json"],
        ["awe", "image/awe/b.jpg", "annotation/awe/one.json"],
    ]
    tables = read_files(
        "emoset",
        {
            "train.json": json.dumps(rows),
            "image/awe/a.jpg": "pixels",
            "image/awe/b.jpg": "others",
            "annotation/awe/one.json": '{"emotion": "awe", "scene": "beach"}',
        },
    )
    attributes = dict(tables.records.select("path", "attributes").rows())
    assert json.loads(attributes["image/awe/a.jpg"]) == {"annotation_problem": "missing"}
    assert json.loads(attributes["image/awe/b.jpg"]) == {"scene": "beach"}
