"""FI in its native layout, and flattened: labels are folders, or begin the files' names."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import Listing
from eemo_pipeline.sources.fi import SOURCE
from tests.support.sources import read_files

FILES: dict[str, bytes | str] = {
    "emotion_dataset/amusement/1_anger.jpg": "pixels",
    "emotion_dataset/amusement/2.jpg": "photo unavailable",
    "emotion_dataset/sadness/2.jpg": "photo unavailable",
    "emotion_dataset/Fear/3": "pixels",
    "emotion_dataset/boredom/4.jpg": "pixels",
    "flat/awe_00001.jpg": "pixels",
    "flat/awesome_00002.jpg": "pixels",
    "__MACOSX/emotion_dataset/amusement/._2.jpg": "junk",
}


def test_the_folder_is_the_label_and_the_name_only_else() -> None:
    tables = read_files("fi", FILES)
    assert (SOURCE.role, tables.row_count) == ("training", 0)
    assert dict(tables.records.select("record_id", "native_label").rows()) == {
        "amusement/1_anger.jpg": "amusement",
        "amusement/2.jpg": "amusement",
        "sadness/2.jpg": "sadness",
        "Fear/3": "Fear",
        "4.jpg": None,
        "awe_00001.jpg": "awe",
        "awesome_00002.jpg": None,
    }
    who = dict(tables.annotations.select("record_id", "annotator_id").rows())
    assert (who["amusement/1_anger.jpg"], who["awe_00001.jpg"]) == ("folder", "file name")
    assert set(who) == {
        *("amusement/1_anger.jpg", "amusement/2.jpg", "sadness/2.jpg", "Fear/3"),
        "awe_00001.jpg",
    }
    assert tables.annotations["row"].null_count() == tables.annotations.height
    assert set(tables.records["label_space"]) == {"mikels8"}


def test_a_second_copy_goes_by_its_path() -> None:
    tables = read_files("fi", {"awe/1.jpg": "p", "again/awe/1.jpg": "p"})
    assert tables.records["record_id"].to_list() == ["again/awe/1.jpg", "awe/1.jpg"]
    assert tables.annotations.height == 2
    assert read_files("fi", {}).records.is_empty()


parts = st.sampled_from(["awe", "AWE", "fear_1", "_", " sad ", "x.jpg", "..", "ö\n"])


@given(st.sets(st.lists(parts, min_size=1, max_size=4).map("/".join)))
def test_any_path_is_a_record_and_none_raises(tmp_path_factory: Any, paths: set[str]) -> None:
    tables = SOURCE.read(Listing(tmp_path_factory.getbasetemp(), tuple(sorted(paths))))
    assert set(tables.records["path"]) == paths
    assert tables.records["record_id"].is_unique().all()
    assert tables.annotations["record_id"].is_in(tables.records["record_id"].to_list()).all()
