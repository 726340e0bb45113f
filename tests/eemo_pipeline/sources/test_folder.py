"""The table of labels in a folder of images, as people write it."""

import pytest

from eemo_pipeline.readers.contract import WORKER
from tests.support.sources import read_files, reasons

PICTURES = {"a.jpg": "pixels", "b.jpg": "others"}


def test_one_row_per_rater_is_one_annotation_each() -> None:
    text = "file,emotion,rater\na.jpg,fear,1\na.jpg,awe,2\na.jpg,awe,2\nb.jpg,Awe,1\nb.jpg,awe,2\n"
    tables = read_files("folder", {**PICTURES, "labels.csv": text})
    found = tables.annotations.select("record_id", "native_labels", "annotator_id", "rater_count")
    assert found.rows() == [
        ("a.jpg", ["fear"], f"{WORKER}1", 1),
        ("a.jpg", ["awe"], f"{WORKER}2", 1),
        ("b.jpg", ["Awe"], f"{WORKER}1", 1),
        ("b.jpg", ["awe"], f"{WORKER}2", 1),
    ]
    assert reasons(tables) == {3: "duplicate_row"}
    labels = dict(tables.records.select("path", "native_label").rows())
    assert labels == {"a.jpg": None, "b.jpg": "Awe"}


def test_an_image_named_again_without_raters_is_told_of_the_column() -> None:
    tables = read_files(
        "folder", {**PICTURES, "labels.csv": "file,emotion\na.jpg,awe\na.jpg,joy\n"}
    )
    assert "a column rater" in tables.rejects["detail"].item()


@pytest.mark.parametrize("name", ["Labels.csv", "LABELS.CSV"])
def test_the_table_is_found_in_any_case(name: str) -> None:
    tables = read_files("folder", {**PICTURES, name: "file,emotion\na.jpg,awe\n"})
    assert tables.table_paths == {name}
    assert tables.annotations["annotator_id"].to_list() == ["labels.csv"]
    assert tables.records["path"].to_list() == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("name", ["labels.xlsx", "sub/labels.csv", "Labels.txt", "scores.tsv"])
def test_another_table_is_refused_with_the_name_to_give_it(name: str) -> None:
    tables = read_files("folder", {**PICTURES, name: "file,emotion\na.jpg,awe\n"})
    assert tables.refused_files.keys() == {name}
    reason, detail = tables.refused_files[name]
    assert reason == "unread_table"
    assert "labels.csv at the folder's root" in detail
    assert tables.records.height == 2
    both = read_files("folder", {**PICTURES, name: "x", "labels.csv": "file,emotion\na.jpg,awe\n"})
    assert both.refused_files[name][1] == "the labels are read from labels.csv alone"
    assert both.annotations.height == 1


def test_a_missing_column_is_named_as_the_header_has_it_with_what_was_found() -> None:
    text = "filename,emotion\na.jpg,awe\n"
    tables = read_files("folder", {**PICTURES, "labels.csv": text})
    detail = tables.rejects["detail"].item()
    assert detail == "the file has no column file (found: filename, emotion)"
