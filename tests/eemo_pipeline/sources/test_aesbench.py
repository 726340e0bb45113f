"""AesBench: questions on pictures, without a gold answer."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

PARTS = {
    "AesP_data": {"Question": "What is seen?", "Options": "A) Depth\nB) Colour\nD)Light"},
    "AesE_data": {"Question": "What is felt?", "Options": "A) Calm\nB) Awe\nC) Unrest"},
    "AesA1_data": {"Question": "How good?", "Options": "A) High\nB) Medium\nC) Low"},
    "AesI_data": {"Question": "Why?"},
}
AESBENCH = {
    "images/a.jpg": "pixels",
    "images/b.png": "pixels",
    "test_AesBench_AesE.json": "{"
    + ",".join(
        f"{json.dumps(name)}: {json.dumps(value)}"
        for name, value in (
            ("a.jpg", PARTS),
            ("b.png", {"AesE_data": {"Question": "Felt \ud800?"}}),
            ("a.jpg", {"AesE_data": {"Question": "Repeated key?"}}),
            ("gone.jpg", PARTS),
            ("c.jpg", {"AesP_data": PARTS["AesP_data"]}),
            ("d.jpg", {"AesE_data": "What is felt?"}),
            ("e.jpg", [PARTS]),
            ("", PARTS),
            ("../a.jpg", PARTS),
        )
    )
    + "}",
}


def test_aesbench_keeps_each_pictures_questions_and_no_key_is_lost() -> None:
    tables = read_files("aesbench", AESBENCH)
    assert tables.row_count == 9
    assert tables.records["path"].to_list() == ["images/a.jpg", "images/b.png"]
    facts = [json.loads(text) for text in tables.annotations["attributes"]]
    assert facts == [PARTS, {"AesE_data": {"Question": "Felt ??"}}]
    assert reasons(tables) == {
        3: "duplicate_row",
        4: "picture_missing",
        5: "missing_value",
        6: "missing_value",
        7: "not_an_object",
        8: "missing_value",
        9: "unsafe_path",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "bad_json"),
        ("[1, 2]", "not_an_object"),
        ('{"a.jpg": ' + "[" * 100_000, "bad_json"),
    ],
)
def test_a_file_of_another_shape_is_one_row(text: str, reason: str) -> None:
    tables = read_files("aesbench", {"a.jpg": "pixels", "test_AesBench_AesE.json": text})
    assert (tables.row_count, reasons(tables)) == (1, {1: reason})
    assert read_files("aesbench", {}).row_count == 0


def test_deep_nesting_is_refused_element_by_element() -> None:
    deep = "[" * 600 + "]" * 600
    text = f'{{"a.jpg": {{"AesE_data": {deep}}}, "b.jpg": {json.dumps(PARTS)}}}'
    files = {"a.jpg": "pixels", "b.jpg": "pixels", "test_AesBench_AesE.json": text}
    tables = read_files("aesbench", files)
    assert tables.row_count == 2
    assert reasons(tables)[1] in {"bad_json", "missing_value"}
    assert tables.annotations["record_id"].to_list() == ["b.jpg"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    tables = read_damaged("aesbench", AESBENCH, seed)
    assert tables.annotations["native_labels"].null_count() == tables.annotations.height
