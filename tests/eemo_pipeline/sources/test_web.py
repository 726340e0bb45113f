"""Web pictures: none without a row, no row without a licence."""

import json

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

WEB = {
    "a.jpg": "pixels",
    "run 1/b.JPG": "pixels",
    "unknown.jpg": "pixels",
    "unlicensed.jpg": "pixels",
    "later.jpg": "pixels",
    "README.md": "words",
    "manifest.csv": "\ufeffpath,Licence,query,url,background,attribute,subject,page\r\n"
    'a.jpg,CC-BY-4.0,"joyful crowd, festival",https://x.example/a?q=<b>,at a festival,joyful,'
    "crowd,3\r\n"
    "run 1\\b.jpg,CC0-1.0,,,,,,\r\n"
    "unlicensed.jpg,  ,query,,,,,\r\n"
    "later.jpg,,query,,,,,\r\n"
    "later.jpg,CC0-1.0,query,,,,,\r\n"
    "later.jpg,CC-BY-4.0,query,,,,,\r\n"
    "gone.jpg,CC0-1.0,,,,,,\r\n"
    "../a.jpg,CC0-1.0,,,,,,\r\n"
    "a.jpg,CC0-1.0,,,,,,,surplus\r\n"
    ",CC0-1.0,,,,,,\r\n"
    ",,,,,,,\r\n",
}


def test_web_takes_licensed_rows_and_their_pictures_alone() -> None:
    tables = read_files("web", WEB)
    assert tables.records["path"].to_list() == ["a.jpg", "run 1/b.JPG", "later.jpg"]
    assert reasons(tables) == {
        3: "missing_licence",
        4: "missing_licence",
        6: "duplicate_row",
        7: "picture_missing",
        8: "unsafe_path",
        9: "surplus_cells",
        10: "missing_value",
    }
    assert tables.table_paths == {"manifest.csv", "README.md"}
    facts = [json.loads(text) for text in tables.records["attributes"]]
    assert facts[0] == {
        "page": "3",
        "licence": "CC-BY-4.0",
        "query": "joyful crowd, festival",
        "url": "https://x.example/a?q=<b>",
        "parent_triplet": {
            "background": "at a festival",
            "attribute": "joyful",
            "subject": "crowd",
        },
    }
    assert facts[1] == {"licence": "CC0-1.0"}
    assert facts[2] == {"licence": "CC0-1.0", "query": "query"}
    assert set(tables.records["semantics"]) == {"none"}


def test_a_folder_without_a_manifest_has_no_record() -> None:
    assert read_files("web", {}).row_count == 0
    tables = read_files("web", {"a.jpg": "pixels", "labels.csv": "path,licence\na.jpg,CC0\n"})
    assert (tables.row_count, tables.records.height) == (0, 0)


def test_a_manifest_without_the_column_of_paths_is_refused_row_by_row() -> None:
    tables = read_files("web", {"a.jpg": "pixels", "manifest.csv": "file,licence\na.jpg,CC0\n"})
    assert reasons(tables) == {1: "missing_value"}
    tables = read_files("web", {"a.jpg": "pixels", "manifest.csv": "path,query\na.jpg,x\n"})
    assert reasons(tables) == {1: "missing_licence"}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    tables = read_damaged("web", WEB, seed)
    licences = [json.loads(text)["licence"] for text in tables.records["attributes"]]
    assert all(str(licence).strip() for licence in licences)
    assert tables.annotations.filter(pl.col("native_labels").is_not_null()).is_empty()
