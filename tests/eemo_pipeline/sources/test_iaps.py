"""IAPS-like tables, on invented rows alone: the real ones are restricted."""

import json

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

HEADER = "desc\tIAPS\tvalmn\tvalsd\taromn\tarosd\tdom1mn\tdom1sd\tdom2mn\tdom2sd\tset\n"
PREAMBLE = 'An invented table\n\nof "pictures\nthat no one rated\nAll subjects\tin all sets\n\n'
ROWS = (
    "Blue Door\t9001\t5.5\t1.25\t3.10\t2.0\t5.02\t1.9\t.\t.\t1\r\n"
    "Red Door\t9001.1\t6\t1.5\t4\t2.25\t.\t.\t6.10\t1.5\t2\r\n"
    "Lamp\t9002\t7.03\t1.0\t2\t1\t0.00\t0.00\t.\t.\t3\r\n"
    "Lamp\t9002\t7.13\t1.0\t2.5\t1\t6\t2\t.\t.\t14\r\n"
    "Lamp\t9002\t7.13\t1.0\t2.5\t1\t6\t2\t.\t.\t14\r\n"
    "Kite\t9003\t.\t1\t2\t1\t6\t2\t.\t.\t4\r\n"
    "Kite\t9003\t0.00\t1\t2\t1\t6\t2\t.\t.\t5\r\n"
    "Kite\t9003\t5\t9\t2\t1\t6\t2\t.\t.\t6\r\n"
    "Kite\t9003\t\t1\t2\t1\t6\t2\t.\t.\t7\r\n"
    "Kite\t9003\t5\t1\t2\t1\t6\t2\t.\t.\t8\tmore\r\n"
    "Kite\t\t5\t1\t2\t1\t6\t2\t.\t.\t8\r\n"
    "Gone\t9999\t5\t1\t2\t1\t6\t2\t.\t.\t8\r\n"
    "Out\t../9001\t5\t1\t2\t1\t6\t2\t.\t.\t8\r\n"
    "short\t9003\r\n"
)
IAPS = {
    "pictures/9001.jpg": "pixels",
    "pictures/9001.1.JPG": "pixels",
    "pictures/9002.jpg": "pixels",
    "pictures/9003.jpg": "pixels",
    "AllSubjects_1-20.txt": PREAMBLE + HEADER + ROWS,
}
REASONS = {
    5: "duplicate_row",
    6: "bad_number",
    7: "out_of_range",
    8: "out_of_range",
    9: "missing_value",
    10: "surplus_cells",
    11: "missing_value",
    12: "picture_missing",
    13: "unsafe_path",
    14: "missing_value",
}


def test_codes_are_text_and_missing_dominance_is_null() -> None:
    tables = read_files("iaps", IAPS)
    assert tables.row_count == 14
    assert tables.records["record_id"].to_list() == ["9001", "9001.1", "9002", "9003"]
    blue, red, *lamps = tables.annotations.to_dicts()
    assert (blue["native_valence"], blue["native_arousal"]) == (5.5, 3.1)
    assert (blue["native_valence_sd"], blue["native_dominance"]) == (1.25, 5.02)
    assert (blue["scale_min"], blue["scale_max"]) == (1.0, 9.0)
    assert red["native_dominance"] is None
    assert json.loads(red["attributes"]) == {
        "dom1sd": None,
        "dom2mn": "6.10",
        "dom2sd": "1.5",
        "set": "2",
    }
    # A code that recurs in another set is another rating of the same picture.
    assert [lamp["native_dominance"] for lamp in lamps] == [None, 6.0]
    assert [lamp["annotation_no"] for lamp in lamps] == [0, 1]
    assert {lamp["record_id"] for lamp in lamps} == {"9002"}
    assert json.loads(tables.records["attributes"][0]) == {"desc": "Blue Door"}
    assert reasons(tables) == REASONS
    assert tables.annotations["native_labels"].null_count() == 4


def test_the_header_may_be_wrong_or_missing() -> None:
    wrong = HEADER.replace("dom2mn\tdom2sd\tset", "x")
    for text in (wrong + ROWS, PREAMBLE + ROWS, HEADER + ROWS.replace("\r\n", "\r")):
        tables = read_files("iaps", {**IAPS, "AllSubjects_1-20.txt": text})
        assert reasons(tables) == REASONS
    assert read_files("iaps", {**IAPS, "AllSubjects_1-20.txt": PREAMBLE}).row_count == 0
    assert read_files("iaps", {}).row_count == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    tables = read_damaged("iaps", IAPS, seed)
    rated = tables.annotations.select("native_valence", "native_arousal", "native_dominance")
    assert rated.select(pl.all().drop_nulls().is_between(1, 9).all()).row(0) == (True,) * 3
