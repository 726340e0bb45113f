"""UNIAA and AesBench: questions on pictures, without a label that raters chose."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

QUESTION = {
    "dataset": "WILD",
    "dimension": "sentiment",
    "category": "solitude",
    "type": "what",
    "img_path": "emotion_images/1.jpg",
    "question": "What atmosphere does this invented picture convey?",
    "candidates": ["Calm.", "Noise."],
    "correct_ans": "Calm.",
    "source": "WILD",
    "id": 0,
    "options": {"A": "Calm.", "B": "Noise."},
    "answer": "A",
    "category_list": ["solitude", "positive"],
}
UNIAA = {
    "emotion_images/1.jpg": "pixels",
    "emotion_images/2.PNG": "pixels",
    "test_data/test_UNIAA_Sent.json": json.dumps(
        [
            QUESTION,
            {**QUESTION, "question": "Another?"},
            {**QUESTION, "id": 7},
            {**QUESTION, "img_path": ".\\emotion_images\\2.png"},
            {**QUESTION, "img_path": "emotion_images/gone.jpg"},
            {**QUESTION, "img_path": "..\\1.jpg"},
            {**QUESTION, "question": None},
            {"question": "On what?"},
            None,
        ]
    ),
}
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


def test_uniaa_keeps_each_question_whole(read_files, reasons) -> None:
    tables = read_files("uniaa", UNIAA)
    assert tables.row_count == 9
    assert tables.records.select("path", "resolved_by").rows() == [
        ("emotion_images/1.jpg", "exact"),
        ("emotion_images/2.PNG", "extension"),
    ]
    first, second, other = tables.annotations.to_dicts()
    assert json.loads(first["attributes"]) == {
        name: value for name, value in QUESTION.items() if name != "img_path"
    }
    assert json.loads(second["attributes"])["question"] == "Another?"
    assert other["record_id"] == "emotion_images/2.PNG"
    assert {row["native_labels"] for row in (first, second, other)} == {None}
    assert reasons(tables) == {
        3: "duplicate_row",
        5: "picture_missing",
        6: "unsafe_path",
        7: "missing_value",
        8: "missing_value",
        9: "not_an_object",
    }


def test_aesbench_keeps_each_pictures_questions_and_no_key_is_lost(read_files, reasons) -> None:
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
    ("name", "table", "text", "reason"),
    [
        ("uniaa", "test_UNIAA_Sent.json", "{", "bad_json"),
        ("aesbench", "test_AesBench_AesE.json", "{", "bad_json"),
        ("aesbench", "test_AesBench_AesE.json", "[1, 2]", "not_an_object"),
        ("aesbench", "test_AesBench_AesE.json", '{"a.jpg": ' + "[" * 100_000, "bad_json"),
    ],
)
def test_a_file_of_another_shape_is_one_row(
    name: str, table: str, text: str, reason: str, read_files, reasons
) -> None:
    tables = read_files(name, {"a.jpg": "pixels", table: text})
    assert (tables.row_count, reasons(tables)) == (1, {1: reason})


def test_deep_nesting_is_refused_element_by_element(read_files, reasons) -> None:
    deep = "[" * 600 + "]" * 600
    text = f'{{"a.jpg": {{"AesE_data": {deep}}}, "b.jpg": {json.dumps(PARTS)}}}'
    files = {"a.jpg": "pixels", "b.jpg": "pixels", "test_AesBench_AesE.json": text}
    tables = read_files("aesbench", files)
    assert tables.row_count == 2
    assert reasons(tables)[1] in {"bad_json", "missing_value"}
    assert tables.annotations["record_id"].to_list() == ["b.jpg"]


@pytest.mark.parametrize("name", ["uniaa", "aesbench"])
def test_an_absent_dataset_is_empty(name: str, read_files) -> None:
    tables = read_files(name, {})
    assert tables.row_count == tables.records.height == 0


@pytest.mark.parametrize(("name", "files"), [("uniaa", UNIAA), ("aesbench", AESBENCH)])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(name: str, files, seed: int, read_damaged) -> None:
    tables = read_damaged(name, files, seed)
    assert tables.annotations["native_labels"].null_count() == tables.annotations.height
