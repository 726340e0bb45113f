"""FindingEmo in its native layout: slashes in front, other machines' paths, two scales."""

import json
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import WORKER
from eemo_pipeline.stages.ingest import hide_workers
from tests.support.sources import read_damaged, read_files, reasons

HEADER = (
    ",user,image_path,reject,tag,age,valence,arousal,emotion,dec_factors,ambiguity,"
    "fmri_candidate,datetime\n"
)
FILES: dict[str, bytes | str] = {
    "annotations_single.ann": (
        HEADER + '0,5f1,/Run_1/Adults happy park/a.jpg,Keep,"x, y","Adults,Children",3,4,Joy,'
        '"Facial expression,Body",1,No,2022-01-01\n'
        "1,5f2,/home/me/FindingEmo/Run_2/War/b.jpg,Keep,,,-3,6.0,Ecstast,,0,No,\n"
        "2,5f9,C:\\data\\Run_2\\War\\b.jpg,Keep,,,-2,0,Annotance,,0,No,\n"
        "3,5f3,/somewhere/else/Birthday/c.jpg,Keep,,,0,,,,,,\n"
        "4,5f3,/Run_1/Adults happy park/a.jpg,Reject,,,,,,,,,\n"
        "5,5f1,/Run_1/Adults happy park/a.jpg,Keep,,,1,1,Joy,,,,\n"
        "6,5f4,/Run_1/Adults happy park/a.jpg,Keep,,,4,1,Joy,,,,\n"
        "7,5f4,/Run_1/Adults happy park/a.jpg,Keep,,,3,-1,Joy,,,,\n"
        "8,5f4,/Run_1/Adults happy park/a.jpg,Keep,,,3,1,Bliss,,,,\n"
        "9,5f4,/Run_1/Adults happy park/a.jpg,Keep,,,,,,,,,\n"
        "10,5f4,/Run_1/../../a.jpg,Keep,,,3,1,Joy,,,,\n"
        "11,5f4,/Run_1/War/b.jpg,Keep,,,3,1,Joy,,,,\n"
        "12,5f4,/Twice/d.jpg,Keep,,,3,1,Joy,,,,\n"
        "13,5f4,,Keep,,,3,1,Joy,,,,\n"
        "14,5f5,/Run_2/War/b.jpg,Keep,,,,2,,,,,\n"
        "15,5f6,C:\\data\\War\\b.jpg,Keep,,,-2,0,Annotance,,0,No,\n"
    ),
    "dataset_urls_exploded.json": '[{"rel_path": "Run_1/x/a.jpg", "url": "u", "idx_url": 0}]',
    "Run_1/Adults happy park/a.jpg": "pixels",
    "Run_2/War/b.jpg": "pixels",
    "Run_2/Birthday/c.jpg": "pixels",
    "Run_1/Twice/d.jpg": "pixels",
    "Run_2/Twice/d.jpg": "pixels",
}


def rows_of(tables: Any, path: str) -> list[dict[str, Any]]:
    record = tables.records.filter(pl.col("path") == path)["record_id"].item()
    return tables.annotations.filter(pl.col("record_id") == record).to_dicts()


def test_a_row_is_two_annotations_each_on_its_own_scale() -> None:
    tables = read_files("findingemo", FILES)
    assert tables.row_count == 16
    felt, aroused = rows_of(tables, "Run_1/Adults happy park/a.jpg")
    assert (felt["annotation_no"], aroused["annotation_no"]) == (0, 1)
    assert felt["row"] == aroused["row"] == 1
    assert felt["annotator_id"] == aroused["annotator_id"] == f"{WORKER}5f1"
    assert (felt["native_labels"], felt["native_weights"]) == (["Joy"], [1.0])
    assert (felt["native_valence"], felt["native_arousal"]) == (3.0, None)
    assert (felt["scale_min"], felt["scale_max"], felt["rater_count"]) == (-3.0, 3.0, 1)
    assert (aroused["native_valence"], aroused["native_arousal"]) == (None, 4.0)
    assert (aroused["scale_min"], aroused["scale_max"], aroused["rater_count"]) == (0.0, 6.0, None)
    assert aroused["native_labels"] is None
    assert json.loads(felt["attributes"]) == {
        "reject": "Keep",
        "tag": "x, y",
        "age": "Adults,Children",
        "dec_factors": "Facial expression,Body",
        "ambiguity": "1",
        "fmri_candidate": "No",
        "datetime": "2022-01-01",
    }


def test_misspelt_labels_stay_as_found() -> None:
    rows = rows_of(read_files("findingemo", FILES), "Run_2/War/b.jpg")
    labels = [row["native_labels"] for row in rows if row["native_labels"]]
    assert labels == [["Ecstast"], ["Annotance"]]
    # emotion and arousal of two participants, and the arousal that a third alone gave
    assert [row["native_arousal"] for row in rows] == [None, 6.0, None, 0.0, 2.0]
    assert [row["annotation_no"] for row in rows] == [0, 1, 2, 3, 4]


def test_paths_of_other_machines_lead_to_the_picture() -> None:
    tables = read_files("findingemo", FILES)
    ways = dict(tables.records.select("path", "resolved_by").rows())
    assert ways == {
        "Run_1/Adults happy park/a.jpg": "exact",
        "Run_2/War/b.jpg": "exact",
        "Run_2/Birthday/c.jpg": "nested",
    }
    (only,) = rows_of(tables, "Run_2/Birthday/c.jpg")
    assert (only["native_valence"], only["native_labels"]) == (0.0, None)
    assert reasons(tables) == {
        5: "rejected_by_annotator",
        6: "duplicate_row",
        7: "out_of_range",
        8: "out_of_range",
        9: "unknown_label",
        10: "empty_row",
        11: "unsafe_path",
        12: "picture_missing",  # the other run has a picture of that name: not this one
        13: "ambiguous_picture",
        14: "missing_value",
        16: "picture_missing",  # other rows name the only picture of that name with its run
    }
    assert "dataset_urls_exploded.json" in tables.table_paths


def test_nobody_is_named() -> None:
    tables = read_files("findingemo", FILES)
    hidden = hide_workers(tables.annotations, "findingemo", "salt")
    assert not hidden["annotator_id"].str.contains("5f").any()
    assert not tables.rejects["detail"].str.contains("5f").any()


def test_a_copy_without_users_and_an_absent_one() -> None:
    content = "image_path,valence,arousal,emotion\nRun_1/a/b.jpg,1,2,Trust\n"
    tables = read_files(
        "findingemo", {"annotations_single.ann": content, "images/Run_1/a/b.jpg": "pixels"}
    )
    assert tables.annotations["annotator_id"].to_list() == ["participant", "participant"]
    assert read_files("findingemo", {}).row_count == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    read_damaged("findingemo", FILES, seed)
