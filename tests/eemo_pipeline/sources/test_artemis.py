"""ArtEmis: explanations of paintings whose names two programs damaged in two ways."""

import json

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import Listing
from eemo_pipeline.readers.picture_index import PictureIndex, fold_accents, fold_to_plain_letters
from eemo_pipeline.sources import artemis
from tests.support.sources import read_damaged, read_files, reasons

TABLE = "artemis_dataset_release_v0.csv"
FOLDS = (fold_accents, fold_to_plain_letters)
HEADER = "art_style,painting,emotion,utterance,repetition\n"
ARTEMIS = {
    "wikiart/Realism/joaqu+\u00a1n-sorolla_the-sea-1905.jpg": "pixels",
    "wikiart/Realism/anna_a-name(1).jpg": "pixels",
    "wikiart/Cubism/d-apres_twice.jpg": "pixels",
    "wikiart/Cubism/lone-\u0441.jpg": "pixels",
    TABLE: HEADER + "Realism,joaqu\u00e3\u00adn-sorolla_the-sea-1905,something else,"
    '"It says ""sea"",\nand shouldn\u00e2\x80\x99t",6\n'
    "Realism,joaqu\u00e3\u00adn-sorolla_the-sea-1905,awe,blue,6\n"
    "Realism,anna_a-name(1),fear,<script>,5\n"
    "Realism,anna_a-name(1),something_else,x,5\n"
    "Cubism,d-apr\u00e8'es_twice,awe,two names fold alike,5\n"
    "Cubism,d-apr\u00e8es_twice,awe,and find one file,5\n"
    "Realism,gone,awe,x,5\n"
    "Cubism,\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e,awe,x,5\n"
    ",anna,awe,x,5\n"
    "Realism,anna_a-name(1),,x,5\n"
    "..,x,awe,x,5\n",
}


def test_rows_are_annotations_with_their_labels_as_found() -> None:
    tables = read_files("artemis", ARTEMIS)
    assert tables.row_count == 11
    ways = dict(tables.records.select("record_id", "resolved_by").rows())
    assert ways == {
        "Realism/joaqu\u00e3\u00adn-sorolla_the-sea-1905": "folded",
        "Realism/anna_a-name(1)": "exact",
    }
    rows = tables.annotations.to_dicts()
    assert [row["native_labels"] for row in rows] == [["something else"], ["awe"], ["fear"]]
    assert rows[0]["comment"] == 'It says "sea",\nand shouldn\u00e2\x80\x99t'
    assert [row["annotation_no"] for row in rows] == [0, 1, 0]
    assert json.loads(tables.records["attributes"][1])["repetition"] == "5"
    assert reasons(tables) == {
        4: "unknown_label",
        5: "ambiguous_picture",
        6: "ambiguous_picture",
        7: "picture_missing",
        8: "picture_missing",
        9: "missing_value",
        10: "missing_value",
        11: "unsafe_path",
    }


def test_names_that_fold_alike_find_nothing() -> None:
    index = PictureIndex(["a/x\u00e9y.jpg", "a/one\u00e9.jpg", "a/one\u00e8.jpg", "b/taken.jpg"])
    names = ["x\u00eby.jpg", "one\u00eb.jpg", "taken.jpg", "taken\u00e9.jpg", "\u00e9\u00e9\u00e9"]
    frame = pl.DataFrame({"name": names})
    folders = ("a/", "b/", "")
    found = index.resolve(frame, folders, FOLDS)
    assert found.select("name", "path", "resolved_by", "refusal").rows() == [
        (names[0], "a/x\u00e9y.jpg", "folded", None),
        (names[1], None, None, "ambiguous_picture"),
        (names[2], "b/taken.jpg", "exact", None),
        (names[3], None, None, "ambiguous_picture"),
        (names[4], None, None, "picture_missing"),
    ]
    twins = pl.DataFrame({"name": ["x\u00eby.jpg", "x'y.jpg", "x\u00eby.jpg"]})
    both = index.resolve(twins, folders, FOLDS)
    assert both["path"].to_list() == ["a/x\u00e9y.jpg", None, "a/x\u00e9y.jpg"]
    assert both["refusal"].to_list() == [None, "ambiguous_picture", None]
    crowd = index.resolve(pl.DataFrame({"name": ["x\u00eby.jpg", "xe\u0301y.png"]}), folders, FOLDS)
    assert crowd["resolved_by"].to_list() == [None, "extension"]
    assert crowd["refusal"].to_list() == ["ambiguous_picture", None]


def test_the_preprocessed_file_is_read_instead_of_the_raw_one() -> None:
    line = "Realism,anna_a-name(1),fear,x,5,val\n"
    content = HEADER.replace("\n", ",split\n") + line
    tables = read_files("artemis", {**ARTEMIS, "artemis_preprocessed.csv": content})
    assert (tables.row_count, tables.records["source_split"].to_list()) == (1, ["val"])
    assert TABLE in tables.table_paths
    assert read_files("artemis", {}).row_count == 0


def test_the_order_of_the_listing_does_not_matter(tmp_path) -> None:
    paths = sorted(ARTEMIS)
    for path, content in ARTEMIS.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    forward, backward = (
        artemis.read(Listing(tmp_path, tuple(order))) for order in (paths, paths[::-1])
    )
    assert forward.records.equals(backward.records)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    tables = read_damaged("artemis", ARTEMIS, seed)
    assert set(tables.records["resolved_by"]) <= {
        "exact",
        "stripped",
        "extension",
        "case",
        "nested",
        "folded",
    }
