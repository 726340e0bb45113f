"""Quotes out of place: no line of a table is swallowed by the cell of another."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import SourceTables
from tests.support.sources import read_files, reasons

HEADER = "file,emotion,caption\n"
WORDS = st.text(' ab",;\n\t\u00e9', max_size=12)


def read_labels(text: str, count: int) -> SourceTables:
    pictures = {f"{place}.jpg": "pixels" for place in range(count)}
    return read_files("folder", {**pictures, "labels.csv": text})


def test_a_quote_that_is_never_closed_costs_its_own_row_alone() -> None:
    text = HEADER + '0.jpg,awe,"The 6 inch\n1.jpg,fear,dark\n2.jpg,joy,"grey"\n3.jpg,awe,wide\n'
    tables = read_labels(text, 4)
    assert tables.row_count == 4
    assert tables.annotations["comment"].to_list() == ["dark", "grey", "wide"]
    assert reasons(tables) == {1: "unclosed_quote"}
    assert "never closed" in tables.rejects["detail"].item()


def test_two_stray_quotes_that_would_pair_up_do_not() -> None:
    text = HEADER + '0.jpg,awe,"The 6 inch\n1.jpg,fear,dark\n2.jpg,joy,a screen of 6"\n'
    tables = read_labels(text, 3)
    assert tables.annotations["comment"].to_list() == ["dark", 'a screen of 6"']
    assert reasons(tables) == {1: "unclosed_quote"}


def test_a_quote_left_open_at_the_end_reaches_no_further_than_its_line() -> None:
    tables = read_labels(HEADER + '0.jpg,awe,"x\n\n1.jpg,fear,y', 2)
    assert tables.annotations["comment"].to_list() == ["y"]
    assert reasons(tables) == {1: "unclosed_quote"}


@settings(deadline=None)
@given(captions=st.lists(WORDS, min_size=1, max_size=6))
def test_cells_that_are_quoted_by_the_rules_are_read_as_written(captions: list[str]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "emotion", "caption"))
    writer.writerows((f"{place}.jpg", "awe", caption) for place, caption in enumerate(captions))
    tables = read_labels(text.getvalue(), len(captions))
    assert tables.rejects.is_empty()
    comments = [caption if caption.strip() else None for caption in captions]
    assert tables.annotations["comment"].to_list() == comments


@settings(deadline=None)
@given(captions=st.lists(st.text(' ab",', max_size=8), min_size=1, max_size=6))
def test_every_line_is_an_annotation_or_a_reject(captions: list[str]) -> None:
    lines = [f"{place}.jpg,awe,{caption}" for place, caption in enumerate(captions)]
    tables = read_labels(HEADER + "\n".join(lines), len(captions))
    assert tables.row_count == len(captions)
    assert tables.annotations.height + tables.rejects.height == len(captions)
    assert not tables.annotations["comment"].drop_nulls().str.contains(".jpg", literal=True).any()


def test_a_quote_is_a_sign_in_tables_without_quoting() -> None:
    scores = "\t0.1\t0.2\t0.3\n"
    text = scores.join(['"aha', "bee", 'c"', ""])
    tables = read_files("nrc_vad", {"NRC-VAD-Lexicon.txt": text})
    assert tables.words["word"].to_list() == ['"aha', "bee", 'c"']
    gaped = '\tValence\tArousal\n"A1.jpg\t1\t2\nA2.jpg\t3\t4\nA3.jpg"\t5\t6\n'
    pictures = {f"A/A{number}.bmp": "pixels" for number in (1, 2, 3)}
    tables = read_files("gaped", {**pictures, "A.txt": gaped})
    assert tables.annotations["native_valence"].to_list() == [3.0]
    assert reasons(tables) == {1: "picture_missing", 3: "picture_missing"}


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\n', "SEP=;\r\n", "sep=;;;;\n"])
def test_a_first_line_that_names_the_delimiter_is_no_header(first: str) -> None:
    tables = read_labels(first + "file;emotion;valence\n0.jpg;awe;0,5\n1.jpg;fear;0.2\n", 2)
    found = tables.annotations.select("row", "native_labels", "native_valence").rows()
    assert found == [(1, ["awe"], 0.5), (2, ["fear"], 0.2)]


def test_a_header_of_a_million_columns_is_one_reject_per_row() -> None:
    header = "file,emotion," + ",".join(f"c{place}" for place in range(1_000_000))
    tables = read_labels(f"{header}\n0.jpg,awe\n1.jpg,fear\n", 2)
    assert reasons(tables) == {1: "too_many_columns", 2: "too_many_columns"}
    assert tables.rejects.select(pl.col("detail").str.contains("10,000").all()).item()
