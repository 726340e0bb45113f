"""Splits quoted delimited text into physical records, before any cell is read.

A record is a line, or several where a quoted cell holds line ends (RFC 4180). A quote that opens a
cell and is never closed makes a record of its own line alone, so that it swallows no other line.
"""

import csv
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_MOST_LINES = 1000  # of one record; a longer one is taken for a quote that was never closed


@dataclass(frozen=True)
class Record:
    """One record of a delimited text.

    Attributes:
        line: the line that it begins in, from 1.
        cells: its cells.
        is_unclosed: whether a quote in it opens a cell and is never closed.
    """

    line: int
    cells: Sequence[str]
    is_unclosed: bool = False


def split_records(
    text: str, delimiter: str, width: int, names: Collection[str] = frozenset()
) -> Iterator[Record]:
    """Yield each record of a text.

    The cells of a record with an unclosed quote are split at every delimiter. A line with a cell in
    `names` is a record of its own: no quote that was opened before reaches over it.
    """
    csv.field_size_limit(sys.maxsize)
    lines = text.split("\n")
    if not lines[-1]:
        del lines[-1]
    place = 0
    while place < len(lines):
        if '"' not in lines[place]:
            yield Record(place + 1, lines[place].split(delimiter))
            place += 1
            continue
        end: int | None = place
        if not _is_closed(lines[place], delimiter):
            end = _find_end(lines, place, delimiter)
        if end is not None:
            cells = _read_cells("\n".join(lines[place : end + 1]), delimiter)
            others = lines[place + 1 : end + 1]
            if not others or (
                len(cells) <= width
                and not any(_has_name(line, delimiter, names) for line in others)
            ):
                yield Record(place + 1, cells)
                place = end + 1
                continue
        yield Record(place + 1, lines[place].split(delimiter), is_unclosed=True)
        place += 1


def _read_cells(record: str, delimiter: str) -> list[str]:
    return next(csv.reader([record], delimiter=delimiter), [])


def _has_name(line: str, delimiter: str, names: Collection[str]) -> bool:
    return any(cell.strip() in names for cell in line.split(delimiter))


def _find_end(lines: Sequence[str], start: int, delimiter: str) -> int | None:
    """Return the line that closes the quote left open in the line `start`; None where none does.

    A quote closes a cell before a delimiter or a line's end; anything else after it means that the
    open quote was none.
    """
    for place in range(start + 1, min(start + _MOST_LINES, len(lines))):
        line = lines[place]
        if '"' not in line:
            continue
        rest = _skip_quoted(line)
        if rest is None:
            continue
        if rest and not rest.startswith(delimiter):
            return None
        if _is_closed(rest.removeprefix(delimiter), delimiter):
            return place
    return None


def _skip_quoted(line: str) -> str | None:
    """Return what follows the quote that closes a cell; None where the cell goes on."""
    inside = re.match(r'(?:[^"]++|"")*+', line)
    end = inside.end() if inside else 0
    return line[end + 1 :] if end < len(line) else None


def _is_closed(line: str, delimiter: str) -> bool:
    """Return whether every quote that opens a cell of the line is closed in it."""
    return _closed_line(delimiter).fullmatch(line) is not None


@lru_cache
def _closed_line(delimiter: str) -> re.Pattern[str]:
    sign = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]++|"")*+"[^{sign}]*+|(?!")[^{sign}]*+)'
    return re.compile(rf"{cell}(?:{sign}{cell})*+", re.DOTALL)
