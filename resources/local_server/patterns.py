"""Generates a text that matches a regular expression, for JSON Schema's `pattern`.

The text is built while the expression is read from left to right: of alternatives the first, of a
set the likeliest letter. `re` itself tells which letters are in a set. Look-around and back
references are ignored; if the generated text then does not match, it is returned anyway.
"""

import re
from functools import cache, lru_cache
from itertools import chain

_LIKELY = "a0A -_.1"
# The parts of an expression, tried in this order.
_NOTHING = re.compile(
    r"\^|\$|\\[AZbB]|\\(?![0-3][0-7]{2})[1-9]\d?|\(\?(?:[aiLmsux]+\)|#[^)]*\)|P=\w+\))", re.ASCII
)
_LOOK_AROUND = re.compile(r"\(\?<?[=!]")
_GROUP = re.compile(r"\((?:\?(?:P<\w+>|\(\w+\)|[aiLmsux-]*:|>))?")
_LETTER = re.compile(
    r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|[0-3][0-7]{2}|0[0-7]?|.)|.",
    re.DOTALL,
)
_REPEAT = re.compile(r"(?:([*+?])|\{(?=[\d,])(\d*)(,?)(\d*)\})[+?]?", re.ASCII)


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
    except re.error:
        return meant[:most]
    texts = [_Builder(pattern, extra).build() for extra in range(65)]
    padded = [text + "a" * max(0, least - len(text)) for text in texts[:1]]
    return next((text for text in (*texts, *padded) if fits(text)), texts[0])


class _Builder:
    """Reads an expression once and builds one match.

    Every part gives two texts: the shortest, and one whose outermost repetitions are `extra` above
    the minimum. So the text does not grow exponentially where repetitions are nested.
    """

    def __init__(self, pattern: str, extra: int) -> None:
        self._pattern = pattern
        self._extra = extra
        self._place = 0

    def build(self) -> str:
        return self._alternatives()[1]

    def _take(self, part: re.Pattern[str]) -> re.Match[str] | None:
        found = part.match(self._pattern, self._place)
        self._place = found.end() if found else self._place
        return found

    def _next(self) -> str:
        return self._pattern[self._place : self._place + 1]

    def _alternatives(self) -> tuple[str, str]:
        """Read up to the end of the group; return its first alternative."""
        first = self._sequence()
        while self._next() == "|":
            self._place += 1
            self._sequence()
        self._place += 1
        return first

    def _sequence(self) -> tuple[str, str]:
        parts = []
        while self._next() not in ("", "|", ")"):
            parts.append(self._repeated(*self._one()))
        return "".join(short for short, _ in parts), "".join(long for _, long in parts)

    def _one(self) -> tuple[str, str]:
        if self._take(_NOTHING):
            return "", ""
        if self._take(_LOOK_AROUND):
            self._alternatives()
            return "", ""
        if self._take(_GROUP):
            return self._alternatives()
        letter = self._take(_LETTER)
        text = _pick_letter(letter.group()) if letter else ""
        return text, text

    def _repeated(self, short: str, long: str) -> tuple[str, str]:
        if not (found := self._take(_REPEAT)):
            return short, long
        sign, low, comma, high = found.groups()
        least = int(sign == "+" if sign else low or 0)
        most = least + self._extra
        if sign == "?" or high or (low and not comma):
            most = min(most, 1 if sign else int(high or low))
        return short * least, short * most


@lru_cache(1024)
def _pick_letter(part: str) -> str:
    """Return a letter that the part of an expression matches; a literal matches itself."""
    if len(part) == 1 and part != ".":
        return part
    found = re.search(part, _LIKELY) or re.search(part, _every_letter())
    return found.group() if found else ""


@cache
def _every_letter() -> str:
    """Return all letters, without halves of surrogate pairs."""
    return "".join(
        map(chr, chain(range(33, 127), range(33), range(127, 0xD800), range(0xE000, 0x110000)))
    )
