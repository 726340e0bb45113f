"""Marks by which a text names regions of its image: `the dog [1]` is about region 1."""

import re
from collections.abc import Sequence

_MARK = re.compile(r"\[(\d{1,3})\]")


def find_marks(text: str) -> list[int]:
    """Return the numbers of the regions that a text names, each once, in ascending order."""
    return sorted({int(number) for number in _MARK.findall(text)})


def find_unknown(text: str, count: int) -> list[int]:
    """Return the marks of a text that name none of an image's regions 1 to `count`."""
    return [number for number in find_marks(text) if not 1 <= number <= count]


def link_marks(
    text: str, seen: Sequence[object] | None, kept: Sequence[object] | None
) -> list[int]:
    """Return the regions that a text names, if its author saw the boxes that are kept.

    Args:
        text: the author's text.
        seen: the boxes as the author left them; None where they were not asked.
        kept: the boxes that people settled on.
    """
    if not seen or kept is None or list(seen) != list(kept):
        return []
    return [number for number in find_marks(text) if 1 <= number <= len(kept)]
