"""Generates a text that matches a regular expression, for JSON Schema's `pattern`.

The standard library's own parser parses the expression. Look-around and back references are
ignored; if the generated text then does not match, it is returned anyway.
"""

import re
import warnings
from typing import Any

_LIKELY = "a0A -_.1"


def text_of_pattern(pattern: str, meant: str, least: int, most: int | None) -> str:
    """Return a text that contains a match of the pattern, within the length bounds if possible.

    Args:
        pattern: Regular expression, not anchored unless it says so.
        meant: The preferred text, used unchanged if it matches.
        least: Minimum number of characters.
        most: Maximum number of characters; None for no limit.
    """

    def fits(text: str) -> bool:
        is_long_enough = least <= len(text) and (most is None or len(text) <= most)
        return is_long_enough and re.search(pattern, text) is not None

    try:
        if fits(meant):
            return meant
        # Only under this name can the parser be imported without a warning.
        from re import _parser  # type: ignore[attr-defined]

        tree = _parser.parse(pattern)
    except (re.error, ImportError):
        return meant[:most]
    texts = [_build(tree, extra) for extra in range(65)]
    padded = [text + "a" * max(0, least - len(text)) for text in texts[:1]]
    return next((text for text in (*texts, *padded) if fits(text)), texts[0])


def _build(tree: Any, extra: int) -> str:
    """Return one match, with `extra` repetitions above the minimum."""
    return "".join(_one(str(operation), value, extra) for operation, value in tree)


def _one(operation: str, value: Any, extra: int) -> str:
    if operation == "LITERAL":
        return chr(value)
    if operation == "ANY":
        return "a"
    if operation == "NOT_LITERAL":
        return next(letter for letter in _LIKELY if ord(letter) != value)
    if operation == "IN":
        return _of_set(value)
    if operation == "BRANCH":
        return _build(value[1][0], extra)
    if operation == "SUBPATTERN":
        return _build(value[3], extra)
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = value
        return _build(inner, 0) * min(int(most), int(least) + extra)
    return ""


def _of_set(items: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        negated = str(items[0][0]) == "NEGATE"
    candidates = [*_LIKELY, *map(chr, range(33, 127))]
    for operation, value in items:
        name = str(operation)
        if name in ("LITERAL", "RANGE"):
            candidates.append(chr(value if name == "LITERAL" else value[0]))
    return next(
        (letter for letter in candidates if _is_in(items, letter) != negated), candidates[0]
    )


def _is_in(items: Any, letter: str) -> bool:
    tests = {
        "CATEGORY_DIGIT": letter.isdigit(),
        "CATEGORY_NOT_DIGIT": not letter.isdigit(),
        "CATEGORY_SPACE": letter.isspace(),
        "CATEGORY_NOT_SPACE": not letter.isspace(),
        "CATEGORY_WORD": letter.isalnum() or letter == "_",
        "CATEGORY_NOT_WORD": not (letter.isalnum() or letter == "_"),
    }
    for operation, value in items:
        name = str(operation)
        if name == "LITERAL" and ord(letter) == value:
            return True
        if name == "RANGE" and value[0] <= ord(letter) <= value[1]:
            return True
        if name == "CATEGORY" and tests.get(str(value), False):
            return True
    return False
