"""Finds the whole JSON objects in a model's text, and the text after its thoughts.

Reasoning models write their thoughts before the answer, often with drafts of it. Servers without a
reasoning parser leave the thoughts in the text. `reply_parsing.py` decides which object counts.

The text is untrusted: it may be endless, deeply nested, contain a key twice or invalid numbers.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

_BEGIN = re.compile(r"<(?:think|thinking|thought|reasoning)>|◁think▷|\[THINK\]", re.IGNORECASE)
_END = re.compile(r"</(?:think|thinking|thought|reasoning)>|◁/think▷|\[/THINK\]", re.IGNORECASE)
_LONGEST_NUMBER = 100  # digits; no field of ours has nearly as many


@dataclass(frozen=True)
class FoundObject:
    """One piece of text that begins like an object and stands in no other object.

    Attributes:
        start: Position of its opening brace.
        end: Position after it, or the position of its fault.
        value: The object; None if it is not valid JSON.
        fault: What is wrong with it, in words; None if nothing is.
    """

    start: int
    end: int
    value: dict[str, Any] | None
    fault: str | None = None


def skip_thoughts(text: str) -> str:
    """Return the text after the last end of thoughts, and before thoughts that do not end."""
    if ends := list(_END.finditer(text)):
        text = text[ends[-1].end() :]
    if begin := _BEGIN.search(text):
        text = text[: begin.start()]
    return text


def find_objects(text: str) -> Iterator[FoundObject]:
    """Yield the objects in a text, in order; an object inside another is not yielded.

    Control characters, such as line breaks, are accepted inside strings.
    """
    start = text.find("{")
    while start >= 0:
        found = _decode(text, start)
        yield found
        start = text.find("{", max(found.end, start + 1))


def _decode(text: str, start: int) -> FoundObject:
    faults: list[str] = []

    def build(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            shown = json.dumps(twice)
            quoted = shown if len(shown) <= 40 else f"{shown[:40]}..."
            faults.append(f"{quoted} is given twice. Give every field once.")
        return dict(pairs)

    def reject(name: str) -> None:
        faults.append(f"{name} is not a JSON number.")

    def read_number(digits: str) -> int | float | None:
        if len(digits) <= _LONGEST_NUMBER and isfinite(value := float(digits)):
            return int(digits) if digits.lstrip("-").isdecimal() else value
        faults.append("The reply is not valid JSON: a number is too long.")
        return None

    decoder = json.JSONDecoder(
        object_pairs_hook=build,
        parse_constant=reject,
        parse_int=read_number,
        parse_float=read_number,
        strict=False,
    )
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        fault = f"The reply is not valid JSON: {error.msg} at character {error.pos}."
        return FoundObject(start, error.pos, None, fault)
    except RecursionError:
        fault = "The reply is not valid JSON: it is nested too deep."
        return FoundObject(start, len(text), None, fault)
    return FoundObject(start, end, value, faults[0] if faults else None)
