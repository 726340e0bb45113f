"""Flickr30k's three files of captions, each with its own traps."""

import csv
import io
import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import SourceTables
from tests.support.sources import read_damaged, read_files, reasons

PICTURES = {f"flickr30k-images/{name}.jpg": "pixels" for name in ("1000", "2000")}
TOKENS = {
    **PICTURES,
    "results_20130124.token": (
        '1000.jpg#0\tTwo men , "friends" , talk .\n'
        '1000.jpg#1\tA "man waits .\n'
        "2000.jpg#0\tA caf\u00e9 | bar .\n"
        "2000.jpg#0\tThe same number again .\n"
        "2000.jpg#1\n"
        "2000.jpg\tNo number .\n"
        "2000.jpg#x\tNo number .\n"
        "3000.jpg#0\tGone .\n"
        "../1000.jpg#0\tOutside .\n"
        "\n"
        "2000.jpg#2\tThe last line has no end ."
    ),
}
BARS = {
    **PICTURES,
    "results.csv": (
        "image_name| comment_number| comment\n"
        '1000.jpg| 0| Two men , "friends" , talk .\n'
        '1000.jpg| 1| A "man waits .\n'
        "2000.jpg| 0| A caf\u00e9 | bar .\n"
        "2000.jpg| 4   A dog runs across the grass .\n"
        "2000.jpg| four| A dog .\n"
    ),
}


def write_lists(*rows: tuple[object, ...]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([("raw", "sentids", "split", "filename", "img_id"), *rows])
    return file.getvalue()


LISTS = {
    **PICTURES,
    "flickr_annotations_30k.csv": write_lists(
        (json.dumps(['Two "men",\ntalk.', "A man.", " "]), "[0, 1, 2]", "train", "1000.jpg", 0),
        (json.dumps(["A caf\u00e9."]), "[5]", "test", "2000.jpg", 1),
        ("['A man']", "[5]", "test", "2000.jpg", 1),
        (json.dumps(["A", 1]), "[5, 6]", "test", "2000.jpg", 1),
        (json.dumps(["A"]), "[5, 6]", "test", "2000.jpg", 1),
        (json.dumps(["A"]), "5", "test", "2000.jpg", 1),
        (json.dumps(["A"]), "[7]", "test", "3000.jpg", 1),
        (json.dumps([]), "[]", "test", "2000.jpg", 1),
        ("", "[]", "test", "2000.jpg", 1),
        (json.dumps(["A caf\u00e9."]), "[5]", "test", "2000.jpg", 1),
        (json.dumps(["A"]), f"[{'9' * 30}]", "test", "2000.jpg", 1),
    ),
}


def captions(tables: SourceTables, record_id: str) -> list[tuple[int, str, str]]:
    rows = tables.annotations.filter(pl.col("record_id") == record_id).sort("annotation_no")
    return rows.select("row", "comment", "attributes").rows()


def test_the_token_file_is_read_without_quoting() -> None:
    tables = read_files("flickr30k", TOKENS)
    assert captions(tables, "1000.jpg") == [
        (1, 'Two men , "friends" , talk .', '{"caption_no":0}'),
        (2, 'A "man waits .', '{"caption_no":1}'),
    ]
    assert captions(tables, "2000.jpg") == [
        (3, "A caf\u00e9 | bar .", '{"caption_no":0}'),
        (10, "The last line has no end .", '{"caption_no":2}'),
    ]
    assert tables.row_count == 10
    assert reasons(tables) == {
        4: "duplicate_row",
        5: "missing_value",
        6: "missing_value",
        7: "bad_number",
        8: "picture_missing",
        9: "unsafe_path",
    }


def test_captions_carry_no_emotion() -> None:
    tables = read_files("flickr30k", TOKENS)
    assert set(tables.annotations["semantics"]) == {"none"}
    assert set(tables.annotations["label_space"]) == {"none"}
    for name in ("native_labels", "native_valence", "native_arousal", "scale_min"):
        assert tables.annotations[name].is_null().all()


def test_cells_between_bars_and_a_row_with_a_missing_field() -> None:
    tables = read_files("flickr30k", BARS)
    assert captions(tables, "1000.jpg") == [
        (1, 'Two men , "friends" , talk .', '{"caption_no":0}'),
        (2, 'A "man waits .', '{"caption_no":1}'),
    ]
    assert captions(tables, "2000.jpg") == [(3, "A caf\u00e9 | bar .", '{"caption_no":0}')]
    assert tables.row_count == 5
    assert reasons(tables) == {4: "missing_value", 5: "bad_number"}
    assert "4   A dog runs" in tables.rejects.filter(pl.col("row") == 4)["detail"].item()


def test_lists_in_cells_give_one_annotation_per_caption() -> None:
    tables = read_files("flickr30k", LISTS)
    assert captions(tables, "1000.jpg") == [
        (1, 'Two "men",\ntalk.', '{"sentence_id":0}'),
        (1, "A man.", '{"sentence_id":1}'),
    ]
    assert captions(tables, "2000.jpg") == [(2, "A caf\u00e9.", '{"sentence_id":5}')]
    assert dict(tables.records.select("record_id", "source_split").rows()) == {
        "1000.jpg": "train",
        "2000.jpg": "test",
    }
    assert tables.row_count == 11
    assert reasons(tables) == {
        3: "bad_list",
        4: "bad_list",
        5: "bad_list",
        6: "bad_list",
        7: "picture_missing",
        8: "missing_value",
        9: "missing_value",
        10: "duplicate_row",
        11: "bad_list",
    }


def test_lists_without_a_needed_column_are_refused() -> None:
    files = {**PICTURES, "flickr_annotations_30k.csv": "filename,caption\n1000.jpg,A man\n"}
    assert reasons(read_files("flickr30k", files)) == {1: "missing_column"}


def test_one_file_is_read_and_the_others_are_known() -> None:
    tables = read_files("flickr30k", {**LISTS, **BARS, **TOKENS})
    assert set(tables.annotations["table_path"]) == {"results_20130124.token"}
    assert {"results.csv", "flickr_annotations_30k.csv"} <= tables.table_paths
    assert tables.row_count == 10


def test_split_lists_name_pictures_without_an_extension() -> None:
    lists = {"train.txt": "1000\n", "val.txt": "2000", "test.txt": "", "UNRELATED_CAPTIONS": "#"}
    tables = read_files("flickr30k", {**TOKENS, **lists})
    splits = dict(tables.records.select("record_id", "source_split").rows())
    assert splits == {"1000.jpg": "train", "2000.jpg": "val"}
    assert set(lists) <= tables.table_paths
    assert tables.row_count == 10


def test_the_folder_of_the_other_copy_is_found() -> None:
    files = {path: text for path, text in BARS.items() if path.endswith(".csv")}
    nested = {
        path.replace("flickr30k-images", "flickr30k_images/flickr30k_images"): text
        for path, text in PICTURES.items()
    }
    assert len(read_files("flickr30k", {**files, **nested}).records) == 2


def test_an_absent_dataset_has_no_rows() -> None:
    assert read_files("flickr30k", {}).row_count == 0


@pytest.mark.parametrize("files", [TOKENS, BARS, LISTS], ids=["tokens", "bars", "lists"])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_random_damage_never_raises_and_loses_no_row(files: dict[str, str], seed: int) -> None:
    read_damaged("flickr30k", files, seed)


@pytest.mark.parametrize("marks", ["1000 2\n", "# format: <imageID> <sentence number>\n1000.jpg 2"])
def test_captions_about_something_else_are_marked_and_kept(marks: str) -> None:
    tables = read_files("flickr30k", {**TOKENS, "UNRELATED_CAPTIONS": marks})
    plain = read_files("flickr30k", TOKENS)
    assert tables.annotations["comment"].to_list() == plain.annotations["comment"].to_list()
    facts = [json.loads(text) for text in tables.annotations["attributes"]]
    assert [fact["caption_no"] for fact in facts if fact.get("is_unrelated")] == [1]
    assert "UNRELATED_CAPTIONS" in tables.table_paths
