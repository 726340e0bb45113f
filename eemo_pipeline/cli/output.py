"""Writes values to the terminal, a pipe or a program: cleaned, as a table, or as JSON.

Stdout carries data, stderr carries messages. Text from datasets is untrusted: it is never
interpreted as markup, and its control characters never reach a terminal.
"""

import io
import json
import math
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TextIO

from eemo_pipeline.cli.problems import Problem

_WIDEST_CELL = 120
_NARROWEST_COLUMN = 9  # with its margin; narrower, a table is read down its columns
_MOST_ROWS = 500  # on a terminal; a pipe gets every row
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]?"
)
# C0 and C1 controls, line separators, marks that change the text direction, lone surrogates.
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_WHITE = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def clean(text: str) -> str:
    """Return `text` on one line, without escape sequences and control characters."""
    visible = _ESCAPES.sub("", text)
    return _CONTROLS.sub(lambda found: _WHITE.get(found.group(), ""), visible)


def cell(value: object) -> str:
    """Return a table value as clean text; null is empty, lists and structures are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple, dict)):
        return clean(json.dumps(_plain(value), ensure_ascii=False))
    return clean(str(value))


def say(line: str) -> None:
    """Write one message line to stderr; the caller has cleaned quoted text."""
    _write(line + "\n", sys.stderr)


def show(line: str = "") -> None:
    """Write one line of data to stdout; the caller has cleaned quoted text."""
    _write(line + "\n", sys.stdout)


def show_json(value: object) -> None:
    """Write `value` to stdout as JSON, with control characters escaped."""
    text = json.dumps(_plain(value), ensure_ascii=False, indent=2)
    # All line breaks here are json.dumps's own layout; those inside strings are escaped.
    lines = [_CONTROLS.sub(lambda c: f"\\u{ord(c.group()):04x}", x) for x in text.split("\n")]
    _write("\n".join(lines) + "\n", sys.stdout)


def show_rows(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table on a terminal, or else tab-separated lines with a header.

    Where a terminal is too narrow for the columns, each row is a record of one line per column.
    """
    if sys.stdout.isatty():
        shown = rows[:_MOST_ROWS]
        is_wide = len(columns) * _NARROWEST_COLUMN > shutil.get_terminal_size().columns
        _write((_render_records if is_wide else _render)(columns, shown), sys.stdout)
        if len(rows) > _MOST_ROWS:
            say(f"{_MOST_ROWS} of {len(rows):,} rows shown; pipe the output to get them all")
        return
    lines = ["\t".join(cell(value) for value in row) for row in (columns, *rows)]
    _write("".join(f"{line}\n" for line in lines), sys.stdout)


def has_room(columns: int) -> bool:
    """Return whether a line holds `columns` characters: a pipe holds any number."""
    return not sys.stdout.isatty() or shutil.get_terminal_size().columns >= columns


def as_objects(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[dict[str, object]]:
    """Return the rows as objects; a repeated column name gets the suffix _2, _3 and so on."""
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return [dict(zip(names, row, strict=True)) for row in rows]


def show_problem(problem: Problem) -> None:
    """Write the error, where, why and the fixes to stderr, one line each."""
    lines = [("error", problem.what), ("where", problem.where), ("why", problem.why)]
    lines += zip(("fix", *["or"] * len(problem.fixes)), problem.fixes, strict=False)
    for name, text in lines:
        colour = "1;31" if name == "error" else "1"
        say(f"{paint(f'{name}:', colour, sys.stderr)} {clean(text)}")


def paint(text: str, colour: str, stream: TextIO) -> str:
    """Colour `text` (SGR parameters) if `stream` is a terminal and colours are not disabled."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """Return `1 row` or `2 rows`; `nouns` is the plural where an s is not enough."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def rows_in_words(rows: int) -> str:
    """Return `1 row ` or `2 rows`: both forms have the same width, for columns."""
    return f"{rows:,} row{'s' if rows != 1 else ' '}"


def size_in_words(size_bytes: float) -> str:
    """Return bytes in decimal units: 512 B, 1.5 kB, 2.0 GB."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _render(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Rendered into a string, so that only `_write` handles a closed pipe.
    console = Console(file=io.StringIO(), force_terminal=True)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for position, column in enumerate(columns):
        values = [row[position] for row in rows]
        is_number = any(isinstance(value, (int, float)) for value in values)
        table.add_column(Text(clean(column)), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(Text(shorten(cell(value))) for value in row))
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _render_records(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    parts: list[str] = []
    for number, row in enumerate(rows, 1):
        named = zip(columns, row, strict=True)
        lines = lay_out_record({name: cell(value) for name, value in named if value is not None})
        parts.append("".join(f"{line}\n" for line in (f"row {number}", *lines)))
    return "\n".join(parts)


def lay_out_record(texts: Mapping[str, str]) -> list[str]:
    """Return one line per name and text; a terminal gets long texts wrapped and indented."""
    width = max((len(name) for name in texts), default=0)
    room = shutil.get_terminal_size().columns - width - 4
    lines: list[str] = []
    for name, text in texts.items():
        wraps = sys.stdout.isatty() and room >= _NARROWEST_COLUMN
        parts = textwrap.wrap(text, room) if wraps and len(text) > room else [text]
        first, *others = parts or [""]  # a text of blanks has no line
        lines.append(f"  {clean(name):<{width}}  {first}")
        lines += [f"  {'':<{width}}  {line}" for line in others]
    return lines


def shorten(text: str, width: int = _WIDEST_CELL) -> str:
    """Cut `text` to at most `width` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _plain(value: object) -> Any:
    """Convert `value` to JSON types; NaN and infinity become null, other objects text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (float, Decimal)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return str(value)


def _write(text: str, stream: TextIO) -> None:
    """Write and flush; if the reader has gone (`| head`), continue silently."""
    try:
        stream.write(
            text.encode(stream.encoding or "utf-8", "backslashreplace").decode(
                stream.encoding or "utf-8"
            )
        )
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
