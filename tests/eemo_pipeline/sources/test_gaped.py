"""GAPED in its native layout: two families of tables, names that end otherwise than the files."""

import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

PLAIN_A = (
    "\tValence\tArousal\tInternal norms\tExternal norms\n"
    "A001.jpg\t13.12345678\t65.4\t20.12345678\t30.5\n"
    "A002.jpg\t2\t90.1\t0.36\t78.69"
)
DETAILED_A = (
    "\tValence\t(SD)\t\tArousal\t(SD)\t\tInternal norms\t(SD)\t\tExternal norms\t(SD)\n"
    "A001.jpg\t13.123\t(5.43)\t\t65.4\t(20.1)\t\t20.123\t(4)\t\t30.5\t(3.2)\n"
    "A002.jpg\t2\t(1.5)\t\t90.1\t(9)\t\t0.36\t(0.5)\t\t78.69\t(6)\n" + "\t" * 11 + "\n"
) + ("\t" * 11 + "\n") * 4
FILES: dict[str, bytes | str] = {
    "GAPED/A.txt": PLAIN_A,
    "GAPED/A_with SD.txt": DETAILED_A,
    "GAPED/Sp.txt": (
        "\tValence\tArousal\r\n"
        "Sp001.jpg\t30.5\t60\r\n"
        "Sp009.jpg\t30.5\t60\r\n"
        "Sp001.jpg\t1\t2\r\n"
        "Sp003.jpg\t101\t60\r\n"
        "Sp003.jpg\tlow\t60\r\n"
        "Sp003.jpg\t\t60\r\n"
        "../Sp003.jpg\t1\t60\r\n"
        "\t1\t60\r\n"
        "Sp003.jpg\t1\t60\t7"
    ),
    "GAPED/readme.txt": b"GAPED \x97 terms\n",
    "GAPED/A/A001.bmp": "pixels",
    "GAPED/A/A002.bmp": "pixels",
    "GAPED/A/Thumbs.db": "junk",
    "GAPED/Sp/Sp001.bmp": "pixels",
    "GAPED/Sp/Sp003.bmp": "pixels",
}


def test_deviations_are_read_and_blank_rows_are_none() -> None:
    tables = read_files("gaped", FILES)
    assert tables.row_count == 2 + 9
    first = tables.annotations.filter(pl.col("record_id") == "A001.jpg").to_dicts()[0]
    assert (first["table_path"], first["row"]) == ("GAPED/A_with SD.txt", 1)
    assert (first["native_valence"], first["native_valence_sd"]) == (13.123, 5.43)
    assert (first["native_arousal"], first["native_arousal_sd"]) == (65.4, 20.1)
    assert (first["scale_min"], first["scale_max"]) == (0.0, 100.0)
    assert first["native_labels"] == ["animal mistreatment"]
    assert json.loads(first["attributes"]) == {
        "internal_norms": 20.123,
        "internal_norms_sd": 4.0,
        "external_norms": 30.5,
        "external_norms_sd": 3.2,
    }
    assert {"GAPED/A.txt", "GAPED/readme.txt", "GAPED/A/Thumbs.db"} <= tables.table_paths


def test_plain_tables_serve_where_they_are_all_there_is() -> None:
    files = {path: content for path, content in FILES.items() if "SD" not in path}
    rows = read_files("gaped", files).annotations.to_dicts()
    first = next(row for row in rows if row["record_id"] == "A001.jpg")
    assert (first["native_valence"], first["native_valence_sd"]) == (13.12345678, None)
    assert json.loads(first["attributes"])["internal_norms"] == 20.12345678


def test_pictures_end_otherwise_and_spiders_are_spiders() -> None:
    tables = read_files("gaped", FILES)
    records = {row["record_id"]: row for row in tables.records.to_dicts()}
    assert set(records) == {"A001.jpg", "A002.jpg", "Sp001.jpg", "Sp003.jpg"}
    assert {row["resolved_by"] for row in records.values()} == {"extension"}
    assert records["Sp001.jpg"]["path"] == "GAPED/Sp/Sp001.bmp"
    assert records["Sp001.jpg"]["native_label"] == "spider"
    spider = tables.annotations.filter(pl.col("record_id") == "Sp001.jpg").to_dicts()[0]
    assert (spider["native_valence"], spider["attributes"]) == (30.5, None)
    assert reasons(tables, "GAPED/Sp.txt") == {
        2: "picture_missing",
        3: "duplicate_row",
        4: "out_of_range",
        5: "bad_number",
        6: "missing_value",
        7: "unsafe_path",
        8: "missing_value",
        9: "surplus_cells",
    }


@pytest.mark.parametrize(
    "damaged",
    [DETAILED_A.replace("13.123", "?"), DETAILED_A.replace("Arousal", "x"), "", "A001.jpg"],
)
def test_a_damaged_table_with_deviations_gives_way_to_the_plain_one(damaged: str) -> None:
    tables = read_files("gaped", {**FILES, "GAPED/A_with SD.txt": damaged})
    rows = tables.annotations.filter(pl.col("table_path") == "GAPED/A.txt").to_dicts()
    assert [row["record_id"] for row in rows] == ["A001.jpg", "A002.jpg"]
    assert rows[0]["native_valence"] == 13.12345678
    records = {row["record_id"]: row["attributes"] for row in tables.records.to_dicts()}
    assert json.loads(records["A001.jpg"]) == {"damaged_table": "GAPED/A_with SD.txt"}
    assert records["Sp001.jpg"] is None


def test_unpacked_at_the_root_or_absent() -> None:
    flat = {path.removeprefix("GAPED/"): content for path, content in FILES.items()}
    assert read_files("gaped", flat).annotations.height == 3
    nothing = read_files("gaped", {})
    assert nothing.row_count == 0
    assert nothing.records.is_empty()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    read_damaged("gaped", FILES, seed)
