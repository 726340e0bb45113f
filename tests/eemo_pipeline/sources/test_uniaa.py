"""UNIAA: questions on pictures, without a label that raters chose."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_damaged, read_files, reasons

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


def test_uniaa_keeps_each_question_whole() -> None:
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


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "bad_json"), ("7", "not_an_object"), ("[" * 100_000, "bad_json")],
)
def test_a_file_of_another_shape_is_one_row(text: str, reason: str) -> None:
    tables = read_files("uniaa", {"a.jpg": "pixels", "test_UNIAA_Sent.json": text})
    assert (tables.row_count, reasons(tables)) == (1, {1: reason})
    assert read_files("uniaa", {}).row_count == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    tables = read_damaged("uniaa", UNIAA, seed)
    assert tables.annotations["native_labels"].null_count() == tables.annotations.height
