"""What the local server answers is valid against the schema that was asked for, whatever it is."""

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.stages.annotation.reply_schema import REPLY
from resources.local_server.opinions import describe
from resources.local_server.patterns import text_of_pattern
from resources.local_server.realiser import realise
from resources.local_server.sights import imagine

NAMES = ("emotion", "clarity", "evidence", "alternatives", "description", "a", "b")
HINTS = describe(imagine("x"), "local-a")


def bounded(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high)).map(
        lambda pair: (min(pair), max(pair))
    )


def numbers(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        bounded(-20, 20).map(lambda pair: {"minimum": pair[0], "maximum": pair[1]}),
        st.integers(-5, 5).map(lambda low: {"exclusiveMinimum": low, "exclusiveMaximum": low + 2}),
        st.integers(1, 7).map(lambda step: {"multipleOf": step}),
        st.just({}),
    ).map(lambda bounds: {"type": kind, **bounds})


leaves = st.one_of(
    numbers("integer"),
    numbers("number"),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    bounded(0, 40).map(lambda pair: {"type": "string", "minLength": pair[0], "maxLength": pair[1]}),
    st.lists(st.text(max_size=6), min_size=1, unique=True).map(lambda texts: {"enum": texts}),
    st.sampled_from([3, "x", None, [1]]).map(lambda value: {"const": value}),
    st.just({"type": ["string", "null"]}),
    st.just({}),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    arrays = st.tuples(inner, bounded(0, 4)).map(
        lambda parts: {
            "type": "array",
            "items": parts[0],
            "minItems": parts[1][0],
            "maxItems": parts[1][1],
        }
    )
    objects = st.tuples(
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
        st.sets(st.sampled_from(NAMES), max_size=3),
        st.booleans(),
    ).map(
        lambda parts: {
            "type": "object",
            "properties": parts[0],
            "required": sorted(parts[1] & set(parts[0])),
            "additionalProperties": parts[2],
        }
    )
    return st.one_of(
        arrays,
        objects,
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
    )


schemas = st.recursive(leaves, nested, max_leaves=12)


@settings(max_examples=200, deadline=None)
@given(schemas)
def test_a_value_is_valid_and_the_same_every_time(schema: dict[str, Any]) -> None:
    value = realise(schema, HINTS, "seed")
    jsonschema.validate(value, schema)
    assert json.dumps(realise(schema, HINTS, "seed")) == json.dumps(value)
    jsonschema.validate(realise(schema, {}, "other"), schema)


@pytest.mark.parametrize(
    "schema",
    [
        {
            "$ref": "#/$defs/tree",
            "$defs": {
                "tree": {
                    "type": "object",
                    "properties": {
                        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                        "next": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
                    },
                    "required": ["children", "next"],
                    "additionalProperties": False,
                }
            },
        },
        {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 4}]},
        {"oneOf": [{"type": "string", "maxLength": 2}, {"type": "integer"}]},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
        {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "items": False,
            "minItems": 2,
        },
        {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
        {"type": "object", "required": ["x"]},
        {"type": "string", "pattern": "^[a-f0-9]{8}$"},
        {"type": "string", "pattern": "^(yes|no)-\\d{2,4}$", "minLength": 6},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
        {"type": "number", "multipleOf": 0.5, "minimum": 0.75, "maximum": 1.25},
    ],
    ids=lambda schema: next(iter(schema.values())) if len(schema) == 1 else "-".join(schema),
)
def test_rarer_parts_of_the_language_are_obeyed(schema: dict[str, Any]) -> None:
    jsonschema.validate(realise(schema, HINTS, "seed"), schema)


@settings(deadline=None)
@given(st.from_regex(r"\A(\[[a-z]\]|[a-z0-9]|\\d\+|\(ab\|c\)|[a-z]\{2,3\}|x\?|y\*){1,6}\Z"))
def test_a_text_matches_its_pattern(pattern: str) -> None:
    assert re.search(f"^{pattern}$", text_of_pattern(f"^{pattern}$", "", 0, None))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^#([0-9a-fA-F]{3}){1,2}$",
        r"^\S+@\S+\.\S+$",
        r"^(?:[A-Z][a-z]+ ){2,}$",
        r"^[\]\-x]{3}[]a]{2}[^]a]$",
        r"^\u00e9\x41\t\101\0$",
        r"^(?P<year>\d{4})(?i:x)(?#note)?$",
        r"^[^\x00-\x7f]{2}\U0001F600?$",
        r"x{,3}y{2,}z{0}a{b}c{",
        r"^((a{2,3}b?)*c+){2}$|d",
    ],
)
def test_rarer_parts_of_a_pattern_are_obeyed(pattern: str) -> None:
    assert re.search(pattern, text_of_pattern(pattern, "!", 0, None))


def test_gemini_s_form_of_a_schema_is_understood() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {
            "emotion": {"type": "STRING", "enum": ["AWE", "FEAR"]},
            "note": {"type": "STRING", "nullable": True},
            "scores": {"type": "ARRAY", "items": {"type": "NUMBER"}, "minItems": "2"},
        },
        "required": ["emotion", "note", "scores"],
    }
    value = realise(schema, {"emotion": "awe", "note": None}, "seed")
    assert value["emotion"] == "AWE"
    assert value["note"] is None
    assert len(value["scores"]) == 2


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1))
def test_the_pipeline_s_own_schema_gets_what_was_seen(seen: str) -> None:
    sight = imagine(seen)
    for model in ("local-a", "local-b"):
        said = describe(sight, model)
        reply = realise(REPLY, said, seen)
        jsonschema.validate(reply, dict(REPLY))
        assert reply["emotion"] == said["emotion"]
        assert reply["description"] == said["description"]
        assert [item["emotion"] for item in reply["alternatives"]] == [
            item["emotion"] for item in said["alternatives"]
        ]
