"""Hostile text becomes an object of the schema or a complaint, never another exception."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from eemo_pipeline.vlm.questions import Unusable
from eemo_pipeline.vlm.reply_parsing import LONGEST_REPLY, clean, read_object

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["awe", "fear"]},
        "score": {"type": "integer", "minimum": 1, "maximum": 10},
        "share": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "cues": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        "sure": {"type": "boolean"},
    },
    "required": ["label", "score", "share", "cues", "sure"],
    "additionalProperties": False,
}
GOOD = {"label": "awe", "score": 7, "share": 0.5, "cues": ["a cliff"], "sure": True}


def complaint(text: str) -> str:
    with pytest.raises(Unusable) as caught:
        read_object(text, SCHEMA)
    return str(caught.value)


def test_a_plain_object_is_read_as_it_is() -> None:
    found = read_object(json.dumps(GOOD), SCHEMA)
    assert found.value == GOOD
    assert not found.has_prose


@pytest.mark.parametrize(
    ("before", "after", "has_prose"),
    [
        ("```json\n", "\n```", False),
        ("Here it is: ", "", True),
        ("", " I hope this helps.", True),
        ("", json.dumps(GOOD), True),
    ],
)
def test_what_stands_around_is_noted(before: str, after: str, *, has_prose: bool) -> None:
    found = read_object(before + json.dumps(GOOD) + after, SCHEMA)
    assert found.value == GOOD
    assert found.has_prose == has_prose


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": "joy"}, ["label", "awe, fear", '"joy"']),
        ({"label": ["awe", "fear"]}, ["label", "string"]),
        ({"label": "awe, fear"}, ["label", "exactly one of"]),
        ({"label": None}, ["label", "string"]),
        ({"score": 11}, ["score", "1 to 10", "11"]),
        ({"score": "7"}, ["score", "integer"]),
        ({"score": 7.5}, ["score", "integer"]),
        ({"score": True}, ["score", "integer"]),
        ({"share": 1.5}, ["share", "0 to 1"]),
        ({"cues": []}, ["cues", "1 to 2"]),
        ({"cues": ["a", "b", "c"]}, ["cues", "1 to 2", "3"]),
        ({"cues": ["a", 3]}, ["cues[1]", "string"]),
        ({"sure": "yes"}, ["sure", "boolean"]),
        ({"sure": 1}, ["sure", "boolean"]),
    ],
)
def test_a_complaint_names_field_rule_and_value(change: dict[str, Any], words: list[str]) -> None:
    said = complaint(json.dumps(GOOD | change))
    assert all(word in said for word in words), said


def test_missing_fields_are_listed() -> None:
    assert "lacks score, sure" in complaint(
        json.dumps({k: GOOD[k] for k in ("label", "share", "cues")})
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no JSON object"),
        ("I cannot help with that.", "no JSON object"),
        ("[1, 2]", "no JSON object"),
        (json.dumps(GOOD)[:-5], "not valid JSON"),
        ('{"label": "awe", "label": "fear"}', "twice"),
        ('{"score": NaN}', "not a JSON number"),
        ('{"score": ' + "9" * 5000 + "}", "not valid JSON"),
        ('{"a":' * 9000, "characters"),
        ('{"a":' * 3000, "nested"),
        ("{" + "x" * LONGEST_REPLY, "characters"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, word: str) -> None:
    said = complaint(text)
    assert word in said
    assert len(said) < 300, "a complaint goes back to the model; it quotes next to nothing"


def test_small_things_are_set_right() -> None:
    reply = GOOD | {
        "label": " AWE ",
        "score": 7.0,
        "cues": ["a\x00\x1b[31m cliff\n\ud800 "],
        "x": 1,
    }
    found = read_object(json.dumps(reply), SCHEMA).value
    assert found == GOOD | {"cues": ["a [31m cliff"]}
    assert isinstance(found["score"], int)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_clean_text_is_one_line_that_can_be_written(text: str) -> None:
    cleaned = clean(text + "\ud83d")
    assert cleaned.isprintable()
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned


DRAFT = json.dumps(GOOD | {"label": "fear"})


@pytest.mark.parametrize(
    "before",
    [
        f"<think>\nA draft: {DRAFT}\nNo. {{awe, fear}} remain; awe fits.\n</think>\n\n",
        f"A draft: {DRAFT} But nothing attacks.</think>",
        f"<THINKING>{DRAFT}</THINKING>",
        f"◁think▷{DRAFT}◁/think▷",
        f"[THINK]{DRAFT}[/THINK]",
        "<think>" + "x" * LONGEST_REPLY + "</think>",
        f"First I thought of {DRAFT}, and then of ",
        "The options are {awe, fear}. ",
        '{"label": "fear"} lacks most of it, so ',
    ],
)
def test_the_last_object_after_the_thoughts_is_the_answer(before: str) -> None:
    assert read_object(before + json.dumps(GOOD), SCHEMA).value == GOOD


@pytest.mark.parametrize(
    "text", [f"<think>{DRAFT}", f"<think>{DRAFT}</think>", f"<think>{DRAFT}</think>I cannot tell."]
)
def test_a_draft_in_the_thoughts_is_no_answer(text: str) -> None:
    assert "no JSON object" in complaint(text)


def test_thoughts_are_not_words_around_the_answer() -> None:
    assert not read_object(f"<think>Hm.</think>\n{json.dumps(GOOD)}", SCHEMA).has_prose


def test_a_line_break_inside_a_string_is_read() -> None:
    text = json.dumps(GOOD).replace("a cliff", "a cliff\nover\tthe sea")
    assert read_object(text, SCHEMA).value["cues"] == ["a cliff over the sea"]


def test_a_whole_object_is_complained_of_rather_than_a_fragment() -> None:
    said = complaint(json.dumps(GOOD | {"score": 11}) + " where {this} is no object")
    assert "score" in said


no_marks = st.text().filter(lambda text: "{" not in text and "think" not in text.lower())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["awe", "fear"]), max_size=4),
    st.lists(no_marks, min_size=6, max_size=6),
    st.sampled_from(["awe", "fear"]),
)
def test_the_last_of_any_drafts_is_read(drafts: list[str], texts: list[str], label: str) -> None:
    """Whatever stands between them, the last whole object that fits is the answer."""
    words = [json.dumps(GOOD | {"label": draft}) for draft in drafts]
    thoughts = "".join(text + word for text, word in zip(texts, words, strict=False))
    answer = texts[4] + json.dumps(GOOD | {"label": label}) + texts[5]
    for text in (thoughts + answer, f"<think>{thoughts}</think>{answer}"):
        assert read_object(text, SCHEMA).value == GOOD | {"label": label}


PIECES = st.one_of(
    no_marks,
    st.sampled_from(["{awe, fear}", '{"label": "fear"}', "{", "}", '"', "```", "\n\n", "\\"]),
    st.builds(lambda label: json.dumps(GOOD | {"label": label}), st.sampled_from(["awe", "fear"])),
    st.builds(lambda score: json.dumps(GOOD | {"score": score}), st.integers(-5, 30)),
)
THOUGHTS = st.sampled_from(
    [("<think>", "</think>"), ("", "</think>"), ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷")]
)
FENCES = st.sampled_from([("", ""), ("```json\n", "\n```"), ("```\n", "```\n"), ("**", "**")])
TRUE = GOOD | {"label": "awe", "score": 3}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(PIECES, max_size=5).map("".join),
    THOUGHTS,
    st.lists(no_marks | st.just(DRAFT), max_size=4).map("".join),
    FENCES,
    st.sampled_from(["\n", "\r\n", "\t"]),
    no_marks,
)
def test_the_one_true_object_is_found(
    thoughts: str,
    marks: tuple[str, str],
    prose: str,
    fence: tuple[str, str],
    raw: str,
    after: str,
) -> None:
    """Thoughts hold anything, fragments included; the answer comes last, with raw line breaks."""
    written = json.dumps(TRUE | {"cues": ["a cliff"]}, indent=1).replace("a cliff", f"a{raw}cliff")
    text = marks[0] + thoughts + marks[1] + prose + fence[0] + written + fence[1] + after
    assert read_object(text, SCHEMA).value == TRUE


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=5).map("".join), THOUGHTS, st.none() | no_marks)
def test_an_object_that_was_only_thought_of_is_not_found(
    thoughts: str, marks: tuple[str, str], after: str | None
) -> None:
    """The thoughts end before a text without an object, or never."""
    ending = "" if after is None else marks[1] + after
    assert "no JSON object" in complaint((marks[0] or "<think>") + thoughts + ending)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "x"]), values), st.text(max_size=20), st.text())
def test_any_text_is_read_or_complained_of(reply: dict[str, Any], before: str, after: str) -> None:
    try:
        found = read_object(before + json.dumps(reply) + after, SCHEMA).value
    except Unusable:
        return
    assert set(found) == set(GOOD)
    assert found["label"] in ("awe", "fear")
    assert 1 <= found["score"] <= 10


ODD = st.one_of(
    *(st.none(), st.booleans(), st.integers(-1, 12), st.floats(-1, 2), st.integers().map(float)),
    st.sampled_from(["awe", "fear", "joy", ""]),
    st.lists(st.sampled_from(["a cliff", 1, None]), max_size=3),
    st.just({}),
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(GOOD)), ODD, max_size=2), st.sampled_from([*GOOD, ""]))
def test_the_verdict_is_that_of_json_schema(odd: dict[str, Any], gone: str) -> None:
    value = {name: part for name, part in (GOOD | odd).items() if name != gone}
    try:
        read = read_object(json.dumps(value), SCHEMA).value
    except Unusable:
        assert not Draft202012Validator(SCHEMA).is_valid(value)
    else:
        Draft202012Validator(SCHEMA).validate(read)
