"""Warriner's lexicon in its own layout: 65 columns, words that parsers swallow, bad rows."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

GROUPS = ("Sum", "M", "F", "Y", "O", "L", "H")
HEADER = ",Word," + ",".join(
    f"{dimension}.{part}.{group}"
    for group in GROUPS
    for dimension in "VAD"
    for part in ("Mean", "SD", "Rat")
)


def row(number: int, word: str, valence: str = "6.26", last: str = "5") -> str:
    rest = [f"{valence},2.21,19,2.41,1.4,22,4.27,1.75,15", *["5,1,5"] * 17]
    return f"{number},{word},{','.join(rest)},5,1,{last}"


FILES = {
    "Ratings_Warriner_et_al.csv": "\n".join(
        (
            HEADER,
            row(1, "aardvark"),
            row(2, "Adidas"),
            row(3, "action figure"),
            row(4, "FALSE"),
            row(5, "null"),
            row(6, "TRUE"),
            row(7, "true", last=""),  # the real file has one empty cell, in a group
            row(8, "", "5"),
            row(9, "zero", "0.5"),
            row(10, "none", ""),
            row(11, "word", "high"),
            row(12, "null"),
            row(13, "long") + ",surplus",
        )
    ),
    "README.md": "CC BY-NC-ND 3.0",
}


def test_the_fixture_has_the_real_shape() -> None:
    lines = FILES["Ratings_Warriner_et_al.csv"].split("\n")
    assert HEADER.startswith(",Word,V.Mean.Sum,V.SD.Sum,V.Rat.Sum,A.Mean.Sum")
    assert {line.count(",") + 1 for line in lines[:-1]} == {65}


def test_every_word_survives_with_its_native_values() -> None:
    tables = read_files("warriner", FILES)
    assert tables.words["word"].to_list() == [
        "aardvark",
        "Adidas",
        "action figure",
        "FALSE",
        "null",
        "TRUE",
        "true",
    ]
    assert tables.words.row(0, named=True) == {
        "word": "aardvark",
        "table_path": "Ratings_Warriner_et_al.csv",
        "row": 1,
        "native_valence": 6.26,
        "native_arousal": 2.41,
        "native_dominance": 4.27,
        "native_valence_sd": 2.21,
        "native_arousal_sd": 1.4,
        "scale_min": 1.0,
        "scale_max": 9.0,
    }
    assert reasons(tables) == {
        8: "missing_value",
        9: "out_of_range",
        10: "missing_value",
        11: "bad_number",
        12: "duplicate_row",
        13: "surplus_cells",
    }
    assert tables.row_count == 13
    assert tables.table_paths == set(FILES)
    assert tables.records.is_empty()
    assert tables.annotations.is_empty()


def test_a_table_of_other_columns_is_refused_row_by_row() -> None:
    tables = read_files("warriner", {"other.csv": "Word,Valence\njoy,8\nfear,2\n"})
    assert reasons(tables) == {1: "missing_column", 2: "missing_column"}


@pytest.mark.parametrize("files", [{}, {"Ratings_Warriner_et_al.csv": b""}, {"x.csv": b"\0\xff"}])
def test_nothing_gives_nothing(files: dict[str, bytes]) -> None:
    tables = read_files("warriner", files)
    assert tables.words.is_empty()
    assert tables.row_count == 0


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_random_damage_never_raises_and_loses_no_row(seed: int) -> None:
    words = read_damaged("warriner", FILES, seed).words
    assert words["word"].is_unique().all()
    assert words["native_valence"].is_between(1, 9).all()
