"""Parses a model's text into a JSON object that fits its schema, or a complaint for the model.

The parser checks the objects that `json_objects.py` finds in the text against the subset of JSON
Schema that providers enforce. The stages interpret the fields, and `engine/attempts.py` handles
reasks.

The package jsonschema reaches the same verdicts, as a test checks, but takes five times as long in
the thread that sends all requests.

The text is untrusted: it may be endless, deeply nested, contain a key twice, invalid numbers or
half of a surrogate pair. Nothing in it is executed, and no complaint quotes more than a few words
of it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from eemo_pipeline.vlm.json_objects import find_objects, skip_thoughts
from eemo_pipeline.vlm.questions import Unusable

# A reply to our largest schema has 2,000 characters; replies longer than this are not parsed.
LONGEST_REPLY = 20_000
_LONGEST_QUOTE = 40
_KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


@dataclass(frozen=True)
class ReadObject:
    """The object in a reply, and whether the model wrote anything else around it."""

    value: dict[str, Any]
    has_prose: bool


def read_object(text: str, schema: Mapping[str, Any]) -> ReadObject:
    """Return the last whole object of a reply that fits the schema; thoughts are skipped.

    Keys that are not in the schema are dropped. Control characters and repeated white space are
    removed from strings; words of a closed list may be in either case.

    Raises:
        Unusable: The text contains no such object; the message says what to change.
    """
    text = skip_thoughts(text)
    if len(text) > LONGEST_REPLY:
        raise Unusable(
            f"The reply has {len(text)} characters. Reply with one JSON object of at most "
            f"{LONGEST_REPLY} characters."
        )
    complaint = "The reply holds no JSON object. Reply with one JSON object and nothing else."
    last: ReadObject | None = None
    whole = False  # a fault of a whole object says more than one of a fragment
    for found in find_objects(text):
        if found.fault:
            complaint = complaint if whole and found.value is None else found.fault
            whole = whole or found.value is not None
            continue
        checked = _conform(found.value, schema)
        whole = True
        if problems := list(_complaints(checked, schema, "")):
            complaint = " ".join(problems[:5])
            continue
        around = (text[: found.start], text[found.end :])
        last = ReadObject(checked, any(_without_fence(part) for part in around))
    if last is None:
        raise Unusable(complaint)
    return last


def _without_fence(text: str) -> str:
    """Return the text around the object, without the marks of a Markdown block."""
    return text.strip().removeprefix("```json").removeprefix("```").strip()


def _conform(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return the value with clean strings, known keys only, and listed words spelled as listed."""
    if isinstance(value, dict):
        parts = schema.get("properties", {})
        return {name: _conform(value[name], part) for name, part in parts.items() if name in value}
    if isinstance(value, list):
        return [_conform(item, schema.get("items", {})) for item in value]
    if isinstance(value, float) and value.is_integer() and "integer" in _types(schema):
        return int(value)
    if not isinstance(value, str):
        return value
    text = clean(value)
    return next((word for word in schema.get("enum", ()) if word == text.lower()), text)


def clean(text: str) -> str:
    """Return the text on one line, without control characters and half surrogate pairs."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _complaints(value: Any, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    """Yield the faults of a value, in the words of its schema."""
    name = place or "The reply"
    kinds = _types(schema)
    if kinds and not any(_is_kind(value, kind) for kind in kinds):
        yield f"{name} must be of type {' or '.join(kinds)}."
    elif "enum" in schema and value not in schema["enum"]:
        listed = ", ".join(str(word) for word in schema["enum"])
        yield f"{name} must be exactly one of: {listed}; it was {_quote(value)}."
    elif isinstance(value, dict):
        yield from _object_complaints(value, schema, place)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{name} must have {_count_words(schema)} items; it had {len(value)}."
        for index, item in enumerate(value):
            yield from _complaints(item, schema.get("items", {}), f"{name}[{index}]")
    elif _is_kind(value, "number"):
        low, high = schema.get("minimum", -inf), schema.get("maximum", inf)
        if not low <= value <= high:
            yield f"{name} must lie from {low} to {high}; it was {_quote(value)}."


def _object_complaints(
    value: Mapping[str, Any], schema: Mapping[str, Any], place: str
) -> Iterator[str]:
    missing = [part for part in schema.get("required", ()) if part not in value]
    if missing:
        yield f"{place or 'The reply'} lacks {', '.join(missing)}."
    for part, below in schema.get("properties", {}).items():
        if part in value:
            yield from _complaints(value[part], below, f"{place}.{part}" if place else part)


def _is_kind(value: Any, kind: str) -> bool:
    return isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _count_words(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if high is None:
        return f"at least {low}"
    return f"{low} to {high}" if low else f"at most {high}"


def _quote(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."
