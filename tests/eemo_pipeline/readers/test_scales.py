"""Scales of rating columns: a scale is a fact of a column, never of a row."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import SourceTables
from tests.support.sources import read_files, reasons


def read_labels(rows: list[dict[str, object]], delimiter: str = ",") -> SourceTables:
    """Read a labels.csv with these rows, beside the images that it names."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return read_files(
        "folder", {"labels.csv": text.getvalue(), **{str(row["file"]): "pixels" for row in rows}}
    )


def rate(values: Sequence[float | str], **others: object) -> list[dict[str, object]]:
    return [
        {"file": f"{place}.jpg", "valence": value, **others} for place, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        ([-0.8, 0.1, 0, 0.9], "-0.8 to 0.9"),
        ([1, 7.1, 5], "1 to 7.1"),
        ([1, 2, 5, 1], "1 to 5"),
        ([0, 100, 1, 0.5], "0 to 100"),
    ],
)
def test_a_column_on_another_scale_is_refused_whole_with_its_range(
    values: list[float], seen: str
) -> None:
    tables = read_labels(rate(values))
    assert tables.annotations.is_empty()
    assert set(tables.rejects["reason"]) == {"unknown_scale"}
    assert tables.rejects.height == len(values)
    for detail in tables.rejects["detail"]:
        assert f"valence runs from {seen} in this file" in detail
        assert "valence_scale" in detail


@settings(max_examples=40, deadline=None)
@given(
    low=st.integers(-100, 100),
    width=st.integers(1, 100),
    shares=st.lists(st.integers(0, 100), min_size=1, max_size=8),
)
def test_ratings_are_native_on_a_declared_scale_and_never_guessed(
    low: int, width: int, shares: list[int]
) -> None:
    values = [low + width * share / 100 for share in shares]
    declared = read_labels(rate(values, valence_scale=f"{low}..{low + width}"))
    found = declared.annotations.select("native_valence", "scale_min", "scale_max").rows()
    assert found == [(value, low, low + width) for value in values]
    bare = read_labels(rate(values))
    is_inside = all(0 <= value <= 1 for value in values)
    assert bare.annotations.height == (len(values) if is_inside else 0)


def test_each_rating_of_a_row_keeps_its_own_scale() -> None:
    rows = rate([3], valence_scale="1..9", arousal=0.5, emotion="joy", caption="warm")
    tables = read_labels(rows)
    first, second = tables.annotations.to_dicts()
    assert (first["native_valence"], first["native_arousal"]) == (3.0, None)
    assert (first["scale_min"], first["scale_max"]) == (1.0, 9.0)
    assert (first["native_labels"], first["comment"]) == (["joy"], "warm")
    assert (second["native_valence"], second["native_arousal"]) == (None, 0.5)
    assert (second["scale_min"], second["scale_max"]) == (0.0, 1.0)
    assert (second["native_labels"], second["comment"]) == (None, None)
    assert (first["row"], second["row"], tables.row_count) == (1, 1, 1)


def test_rows_without_a_rating_are_read_beside_a_refused_column() -> None:
    rows = [{"file": "a.jpg", "emotion": "joy", "valence": ""}, *rate([7], emotion="fear")]
    tables = read_labels(rows)
    assert tables.annotations["record_id"].to_list() == ["a.jpg"]
    assert reasons(tables) == {2: "unknown_scale"}


def test_an_unreadable_or_partial_declaration_is_refused() -> None:
    rows = rate([2, 3, 4, 5])
    for row, scale in zip(rows, ("1..9", "", "9..1", "1 to 9"), strict=True):
        row["valence_scale"] = scale
    tables = read_labels(rows)
    assert tables.annotations["native_valence"].to_list() == [2.0]
    assert reasons(tables) == {2: "bad_scale", 3: "bad_scale", 4: "bad_scale"}


def test_decimal_commas_are_read_where_semicolons_separate() -> None:
    tables = read_labels([{"file": "a.jpg", "valence": "0,5", "caption": "0,5"}], delimiter=";")
    assert tables.annotations.select("native_valence", "comment").rows() == [(0.5, "0,5")]
    refused = read_labels(rate(["0,5"]))
    assert reasons(refused) == {1: "bad_number"}
    assert refused.rejects["detail"].item() == "valence = 0,5; write a number in 0..1"


@pytest.mark.parametrize("nothing", ["NA", "N/A", "n/a", "NaN", "nan", "null", "None", "-", "#N/A"])
def test_placeholders_for_nothing_are_empty_cells(nothing: str) -> None:
    rows = rate([0.5], emotion="joy", caption=nothing, arousal=nothing, place=nothing)
    rows += rate([nothing], emotion=nothing, caption="warm", arousal=0.5, place="x")
    rows[1]["file"] = "b.jpg"
    tables = read_labels(rows)
    assert tables.rejects.is_empty()
    fields = ("native_labels", "native_valence", "native_arousal", "comment", "attributes")
    assert tables.annotations.select(fields).rows() == [
        (["joy"], 0.5, None, None, '{"place":null}'),
        (None, None, 0.5, "warm", '{"place":"x"}'),
    ]


def test_placeholders_stay_words_in_a_lexicon_and_are_empty_beside_them() -> None:
    text = "Word,V.Mean.Sum,V.SD.Sum,A.Mean.Sum,D.Mean.Sum\nnull,5,NA,4,3\nnone,5,-,4,NA\n"
    tables = read_files("warriner", {"Ratings_Warriner_et_al.csv": text})
    assert tables.words.select("word", "native_valence_sd").rows() == [("null", None)]
    assert reasons(tables) == {2: "bad_number"}
    detail = tables.rejects["detail"].item()
    assert detail == "dominance = NA; the cell is a number in 1.0..9.0"


def test_placeholders_in_comments_and_ratings_of_published_datasets_are_empty() -> None:
    artemis = "art_style,painting,emotion,utterance,repetition\nRealism,a,awe,None,5\n"
    tables = read_files(
        "artemis", {"artemis_dataset_release_v0.csv": artemis, "Realism/a.jpg": "pixels"}
    )
    assert tables.annotations["comment"].to_list() == [None]
    findingemo = "user,image_path,valence,arousal,emotion\nu,Run_1/a/b.jpg,2,nan,NA\n"
    tables = read_files(
        "findingemo", {"annotations_single.ann": findingemo, "Run_1/a/b.jpg": "pixels"}
    )
    assert tables.annotations.select("native_valence", "native_labels").rows() == [(2.0, None)]
    manifest = "path,licence,prompt\na.jpg,N/A,x\nb.jpg,CC0,None\n"
    files = {"manifest.csv": manifest, "a.jpg": "pixels", "b.jpg": "others"}
    tables = read_files("aigc", files)
    assert reasons(tables) == {1: "missing_licence"}
    assert tables.records["attributes"].to_list() == ['{"licence":"CC0"}']
