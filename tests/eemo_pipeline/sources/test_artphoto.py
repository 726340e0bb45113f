"""ArtPhoto in its native layout: labels in the names of the files, numbers that repeat."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import Listing
from eemo_pipeline.sources.artphoto import SOURCE
from tests.support.sources import read_files

FOLDER = "testImages_artphoto"
FILES: dict[str, bytes | str] = {
    f"{FOLDER}/sad_0001.jpg": "pixels",
    f"{FOLDER}/contentment_0001.jpg": "pixels",
    f"{FOLDER}/Awe_0002.jpg": "pixels",
    f"{FOLDER}/qwertyuiop.jpg": "pixels",
    f"{FOLDER}/contented_0003.jpg": "pixels",
    f"{FOLDER}/ReadMe.rtf": "text",
    f"{FOLDER}/.DS_Store": "junk",
}


def test_the_label_is_the_name_up_to_the_first_underscore() -> None:
    tables = read_files("artphoto", FILES)
    assert SOURCE.role == "evaluation"
    assert tables.row_count == 0
    assert tables.rejects.is_empty()
    assert dict(tables.records.select("record_id", "native_label").rows()) == {
        "sad_0001.jpg": "sad",
        "contentment_0001.jpg": "contentment",
        "Awe_0002.jpg": "Awe",
        "qwertyuiop.jpg": None,
        "contented_0003.jpg": None,  # a part of a label is no label
    }
    rows = {row["record_id"]: row for row in tables.annotations.to_dicts()}
    assert set(rows) == {"sad_0001.jpg", "contentment_0001.jpg", "Awe_0002.jpg"}
    sad = rows["sad_0001.jpg"]
    assert (sad["native_labels"], sad["native_weights"]) == (["sad"], [1.0])
    assert (sad["annotator_id"], sad["table_path"], sad["row"]) == ("file name", None, None)
    assert f"{FOLDER}/ReadMe.rtf" in tables.table_paths


def test_one_name_in_two_folders_makes_two_records() -> None:
    tables = read_files("artphoto", {"a/sad_1.jpg": "p", "b/sad_1.jpg": "q", "fear_1.jpg": "r"})
    assert tables.records["record_id"].to_list() == ["a/sad_1.jpg", "b/sad_1.jpg", "fear_1.jpg"]
    assert read_files("artphoto", {}).records.is_empty()


@given(st.sets(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)))
def test_any_name_is_a_record_and_none_raises(tmp_path_factory: Any, paths: set[str]) -> None:
    tables = SOURCE.read(Listing(tmp_path_factory.getbasetemp(), tuple(sorted(paths))))
    assert set(tables.records["path"]) == paths - tables.table_paths
    assert tables.records["record_id"].is_unique().all()
    assert tables.annotations["record_id"].is_in(tables.records["record_id"].to_list()).all()
