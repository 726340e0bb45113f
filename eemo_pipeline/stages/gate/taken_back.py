"""Takes an edited file back: what people changed, value by value, and the rows that are refused.

A row that is missing from the file is left alone. A row is taken whole or refused whole.
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.lake.edits import Edit, Key, same, values_of
from eemo_pipeline.schema.columns import COLUMNS
from eemo_pipeline.schema.tables import Table
from eemo_pipeline.stages.gate.cells import (
    MARK,
    BadCell,
    decode_cell,
    hash_row,
    require_value,
)

_MOST_BYTES = 2_000_000_000
_LONGEST_LINE = 20_000_000


class BadFile(Exception):
    """The file as a whole cannot be taken back."""


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not taken: its place in the file, a code, and the details."""

    place: int
    key: Key
    reason: str
    detail: str


@dataclass(frozen=True)
class TakenBack:
    """What a file brings.

    Attributes:
        rows: rows in the file; each is changed, unchanged or refused.
        changed: rows with at least one edit.
        edits: the changed values.
        refused: the rows that were not taken.
    """

    rows: int
    changed: int
    edits: list[Edit] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        """Rows that are as they were."""
        return self.rows - self.changed - len(self.refused)


class _Refusal(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def take_back(file: Path, frame: pl.DataFrame, table: Table, by: str, at: str) -> TakenBack:
    """Compare a file with the table and return what changed.

    Args:
        file: ends with .parquet, .csv or .jsonl.
        frame: the table as it is now, with all edits so far.
        table: the table.
        by: pseudonym of the person who edited.
        at: the time, UTC, ISO 8601.

    Raises:
        BadFile: it cannot be read, lacks columns, or was not handed out by the gate.
    """
    if file.stat().st_size > _MOST_BYTES:
        raise BadFile(f"the file is larger than {_MOST_BYTES:,} bytes")
    rows = list(READERS[file.suffix](file, table))
    current = {values_of(row, table): row for row in frame.iter_rows(named=True)}
    count = Counter(key for key in (_key_of(row, table) for row in rows) if key is not None)
    edits: list[Edit] = []
    refused: list[RefusedRow] = []
    changed = 0
    for place, row in enumerate(rows, 1):
        key = _key_of(row, table)
        try:
            found = _compare(row, key, current, count, table)
        except _Refusal as refusal:
            refused.append(RefusedRow(place, key or (), refusal.reason, refusal.detail))
            continue
        changed += bool(found)
        edits += [Edit(0, key or (), name, old, new, by, at) for name, old, new in found]
    return TakenBack(len(rows), changed, edits, refused)


def _compare(
    row: dict[str, Any] | str,
    key: Key | None,
    current: dict[Key, dict[str, Any]],
    count: Counter[Key],
    table: Table,
) -> list[tuple[str, Any, Any]]:
    """Return column, old and new value of what the person changed in a row.

    Raises:
        _Refusal: the row cannot be taken.
    """
    if isinstance(row, str):
        raise _Refusal("not_a_row", row)
    if key is None:
        raise _Refusal("no_key", f"the key is {', '.join(table.key)}")
    if key not in current:
        raise _Refusal("unknown_key", "the table has no such row")
    if count[key] > 1:
        raise _Refusal("repeated_key", f"{count[key]} rows of the file have this key")
    now = current[key]
    found = _find_changes(row, now, table)
    mark = row.get(MARK)
    if found and (mark.text if isinstance(mark, _Cell) else mark) != hash_row(now, table):
        raise _Refusal(
            "row_has_changed", "the row is not as it was handed out; hand the table out again"
        )
    return found


def _find_changes(
    row: dict[str, Any], now: dict[str, Any], table: Table
) -> list[tuple[str, Any, Any]]:
    found: list[tuple[str, Any, Any]] = []
    for name in (name for name in table.columns if name not in table.key):
        if name not in row:
            raise _Refusal("missing_column", name)
        value = row[name]
        try:
            if isinstance(value, _Cell):
                value = decode_cell(value.text, COLUMNS[name], now[name])
            if same(value, now[name]):
                continue
            typed = require_value(value, COLUMNS[name], is_optional=name in table.optional)
        except BadCell as error:
            raise _Refusal("bad_value", f"{name}: {error}") from None
        if not same(typed, now[name]):
            found.append((name, now[name], typed))
    return found


def _key_of(row: dict[str, Any] | str, table: Table) -> Key | None:
    if isinstance(row, str):
        return None
    values: list[Any] = []
    for name in table.key:
        value = row.get(name)
        try:
            if isinstance(value, _Cell):
                value = decode_cell(value.text, COLUMNS[name], None)
            is_optional = name in table.optional
            values.append(require_value(value, COLUMNS[name], is_optional=is_optional))
        except BadCell:
            return None
    return tuple(values)


@dataclass(frozen=True)
class _Cell:
    """A cell of a CSV file, whose type the column tells."""

    text: str


def _read_parquet(file: Path, table: Table) -> Iterator[dict[str, Any] | str]:
    try:
        frame = pl.read_parquet(file, glob=False, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadFile(str(error).splitlines()[0]) from error
    _require_columns(frame.columns, table)
    yield from frame.iter_rows(named=True)


def _read_csv(file: Path, table: Table) -> Iterator[dict[str, Any] | str]:
    csv.field_size_limit(min(_LONGEST_LINE, sys.maxsize))
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            names = next(reader, [])
            _require_columns(names, table)
            for cells in reader:
                if len(cells) != len(names):
                    yield f"{len(cells)} cells in place of {len(names)}"
                else:
                    yield dict(zip(names, map(_Cell, cells), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(str(error)) from error


def _read_jsonl(file: Path, _table: Table) -> Iterator[dict[str, Any] | str]:
    try:
        with file.open(encoding="utf-8") as text:
            while line := text.readline(_LONGEST_LINE + 1):
                if len(line) > _LONGEST_LINE:
                    raise BadFile(f"a line is longer than {_LONGEST_LINE:,} characters")
                if line.strip():
                    yield _parse_line(line)
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(str(error)) from error


def _parse_line(line: str) -> dict[str, Any] | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"no JSON: {error}"[:200]
    return row if isinstance(row, dict) else "no JSON object"


def _require_columns(names: list[str], table: Table) -> None:
    missing = [name for name in (*table.columns, MARK) if name not in names]
    if missing:
        raise BadFile(f"the columns {', '.join(missing)} are missing")
    if len(set(names)) < len(names):
        raise BadFile("two columns have one name")


READERS: dict[str, Callable[[Path, Table], Iterator[dict[str, Any] | str]]] = {
    ".parquet": _read_parquet,
    ".csv": _read_csv,
    ".jsonl": _read_jsonl,
}
