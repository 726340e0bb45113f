"""Abstract-8 in its native layout: single quotes, whole votes, ties."""

import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

HEADER = "'','Amusement','Anger','Awe','Content','Disgust','Excitement','Fear','Sad'\r\n"
FILES: dict[str, bytes | str] = {
    "testImages_abstract/ABSTRACT_groundTruth.csv": (
        HEADER + "'abstract_0001.jpg',3,0,1,7,0,2,0,1\r\n"
        "'abstract_0002.jpg',3,0,0,3,0,0,0,0\r\n"
        "'abstract_0099.jpg',1,0,0,3,0,0,0,0\r\n"
        "'abstract_0001.jpg',1,0,0,3,0,0,0,0\r\n"
        "'abstract_0003.jpg',0,0,0,0,0,0,0,0\r\n"
        "'abstract_0003.jpg',0.5,0,0,3,0,0,0,0\r\n"
        "'abstract_0003.jpg',-1,0,0,3,0,0,0,0\r\n"
        "'abstract_0003.jpg',many,0,0,3,0,0,0,0\r\n"
        "'abstract_0003.jpg',1,0,0,3,0,0,0\r\n"
        "'abstract_0003.jpg',1,0,0,3,0,0,0,0,9\r\n"
        "'../abstract_0003.jpg',1,0,0,3,0,0,0,0\r\n"
        ",1,0,0,3,0,0,0,0"
    ),
    "testImages_abstract/abstract_0001.jpg": "pixels",
    "testImages_abstract/abstract_0002.jpg": "pixels",
    "testImages_abstract/abstract_0003.jpg": "pixels",
    "__MACOSX/testImages_abstract/._abstract_0001.jpg": "junk",
}


def test_votes_stay_whole_and_ties_choose_no_label() -> None:
    tables = read_files("abstract8", FILES)
    assert tables.row_count == 12
    rows = {row["record_id"]: row for row in tables.annotations.to_dicts()}
    assert set(rows) == {"abstract_0001.jpg", "abstract_0002.jpg"}
    first = rows["abstract_0001.jpg"]
    votes = dict(zip(first["native_labels"], first["native_weights"], strict=True))
    assert votes == {
        "Amusement": 3.0,
        "Anger": 0.0,
        "Awe": 1.0,
        "Content": 7.0,
        "Disgust": 0.0,
        "Excitement": 2.0,
        "Fear": 0.0,
        "Sad": 1.0,
    }
    assert (first["rater_count"], first["native_valence"]) == (14, None)
    assert json.loads(first["attributes"]) == {"is_tied": False}
    assert json.loads(rows["abstract_0002.jpg"]["attributes"]) == {"is_tied": True}
    assert tables.records["attributes"].null_count() == tables.records.height
    assert dict(tables.records.select("record_id", "native_label").rows()) == {
        "abstract_0001.jpg": "Content",
        "abstract_0002.jpg": None,
        "abstract_0003.jpg": None,  # all its rows are refused, the picture is not
    }
    assert reasons(tables) == {
        3: "picture_missing",
        4: "duplicate_row",
        5: "bad_distribution",
        6: "bad_number",
        7: "out_of_range",
        8: "bad_number",
        9: "missing_value",
        10: "surplus_cells",
        11: "unsafe_path",
        12: "missing_value",
    }


@pytest.mark.parametrize("first_cell", ["", "''", "'Image'", "image"])
def test_the_first_column_is_the_name_whatever_it_is_called(first_cell: str) -> None:
    table = "ABSTRACT_groundTruth.csv"
    content = HEADER.replace("''", first_cell, 1) + "abstract_0001.jpg,1,0,0,0,0,0,0,2\r\n"
    tables = read_files("abstract8", {table: content, "abstract_0001.jpg": "pixels"})
    assert tables.records["native_label"].to_list() == ["Sad"]
    assert tables.rejects.is_empty()


def test_without_a_column_every_row_is_refused() -> None:
    content = HEADER.replace(",'Fear'", "") + "'abstract_0001.jpg',1,0,0,0,0,0,2\n"
    tables = read_files("abstract8", {"ABSTRACT_groundTruth.csv": content})
    assert reasons(tables) == {1: "missing_column"}
    assert "Fear" in tables.rejects["detail"].item()
    assert read_files("abstract8", {}).row_count == 0


def test_the_largest_count_stays_a_number() -> None:
    content = HEADER + "'abstract_0001.jpg',1e6,0,0,0,0,0,0,0\n'b.jpg',1e300,0,0,0,0,0,0,0\n"
    pictures = {"abstract_0001.jpg": "pixels", "b.jpg": "pixels"}
    tables = read_files("abstract8", {"ABSTRACT_groundTruth.csv": content, **pictures})
    assert tables.annotations["rater_count"].to_list() == [1_000_000]
    assert tables.rejects.select(pl.col("reason")).to_series().to_list() == ["out_of_range"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    read_damaged("abstract8", FILES, seed)
