"""Compares two reports by their data: which numbers moved, and which rows came or went."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LARGEST_BYTES = 64_000_000  # of one file of data
_ABSENT = "no row"


class NoReport(Exception):
    """A folder does not hold a report that can be read."""

    def __init__(self, folder: Path, why: str) -> None:
        """Name the folder and the cause."""
        super().__init__(f"{folder}: {why}")
        self.folder = folder
        self.why = why


@dataclass(frozen=True)
class Change:
    """One value that differs: the table, the words that name its row, the column, both values.

    A row that only one report has is one change, without a column.
    """

    table: str
    row: str
    column: str
    before: object
    after: object


def compare_reports(before: Path, after: Path) -> list[Change]:
    """Return the changes from one report to another, by table and row.

    A row is known by its first columns: as many as tell all rows of the table apart.

    Raises:
        NoReport: a folder holds no report, or its data cannot be read.
    """
    old, new = _read(before), _read(after)
    changes: list[Change] = []
    for table in sorted({*old, *new}):
        both = old.get(table, []), new.get(table, [])
        width = _find_key_width(both)
        rows, others = (_by_name(side, width) for side in both)
        for row in sorted({*rows, *others}):
            if row not in rows or row not in others:
                present = (row in rows, row in others)
                said = ["a row" if is_there else _ABSENT for is_there in present]
                changes.append(Change(table, row, "", *said))
                continue
            changes += [
                Change(table, row, column, rows[row].get(column), others[row].get(column))
                for column in sorted({*rows[row], *others[row]})
                if rows[row].get(column) != others[row].get(column)
            ]
    return changes


def _read(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return table -> its rows."""
    paths = sorted((folder / "data").glob("*.json"))
    if not paths:
        raise NoReport(folder, "it has no data/*.json")
    tables: dict[str, list[dict[str, Any]]] = {}
    for path in paths:
        if path.stat().st_size > _LARGEST_BYTES:
            raise NoReport(folder, f"data/{path.name} is larger than {_LARGEST_BYTES:,} bytes")
        try:
            content = json.loads(path.read_text("utf-8"))
            columns, rows = content["columns"], content["rows"]
            tables[path.stem] = [dict(zip(columns, row, strict=True)) for row in rows]
        except (ValueError, KeyError, TypeError) as error:
            raise NoReport(folder, f"data/{path.name} cannot be read: {error}") from error
    return tables


def _find_key_width(sides: tuple[list[dict[str, Any]], ...]) -> int:
    """Return how many of the first columns tell the rows of each side apart."""
    widest = max((len(row) for rows in sides for row in rows), default=0)
    for width in range(widest):
        keys = [[repr(list(row.values())[:width]) for row in rows] for rows in sides]
        if all(len(set(side)) == len(side) for side in keys):
            return width
    return widest


def _by_name(rows: list[dict[str, Any]], width: int) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for row in rows:
        columns = list(row)
        words = [
            str(row[column]) if isinstance(row[column], str) else f"{column} {row[column]}"
            for column in columns[:width]
        ]
        name = ", ".join(words) or "all"
        named[name] = {column: row[column] for column in columns[width:]}
    return named
