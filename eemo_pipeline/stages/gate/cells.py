"""Values of a table as cells of a file that a person edits, and back.

Parquet and JSONL keep types. A CSV cell is text: null is empty, lists and numbers are JSON. A text
that a spreadsheet would take for a formula has an apostrophe before it.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import Table
from eemo_pipeline.stats.hash_draws import short_hash

MARK = "gate_row"  # the column with the hash of a row as it was handed out
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_LONGEST = 100_000


class BadCell(Exception):
    """A value does not fit its column."""


def hash_row(row: Mapping[str, Any], table: Table) -> str:
    """Return the first 16 digits of the SHA-256 of a row's values, in the table's order."""
    return short_hash(*(json.dumps(row[name], sort_keys=True) for name in table.columns))


def encode_cell(value: Any) -> str:
    """Return the text of a value in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return json.dumps(value, ensure_ascii=False)


def decode_cell(text: str, column: Column, current: Any) -> Any:
    """Return the value of a CSV cell.

    An empty cell is null, or the empty text where that is what the row has.

    Raises:
        BadCell: it is no JSON of the column's type.
    """
    if text == "":
        return "" if current == "" else None
    if column.dtype == pl.String:
        return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
    try:
        spelled = text.casefold() if column.dtype == pl.Boolean else text
        return json.loads(spelled)
    except (ValueError, RecursionError):
        raise BadCell(f"{text[:80]!r} is not a value of type {_name(column)}") from None


def require_value(value: Any, column: Column, *, is_optional: bool) -> Any:
    """Return a value in the type of its column.

    Raises:
        BadCell: it is null, of another type, outside the vocabulary or outside the range.
    """
    if value is None:
        if is_optional:
            return None
        raise BadCell("a value is missing")
    if isinstance(column.dtype, pl.List):
        if not isinstance(value, list):
            raise BadCell(f"{str(value)[:80]!r} is not a list")
        return [_require_one(part, column.dtype.inner, column) for part in value]
    return _require_one(value, column.dtype, column)


def _require_one(value: Any, dtype: Any, column: Column) -> Any:
    typed = _convert(value, dtype)
    if typed is None:
        raise BadCell(f"{str(value)[:80]!r} is not a value of type {_name(column)}")
    if isinstance(typed, str) and (len(typed) > _LONGEST or "\x00" in typed):
        raise BadCell(f"the text has a null character or more than {_LONGEST:,} characters")
    if column.values and typed not in column.values:
        raise BadCell(f"{str(typed)[:80]!r} is not one of {', '.join(column.values)}")
    if isinstance(typed, int | float) and not _is_within(typed, column):
        allowed = f"{column.minimum} to {column.maximum}".replace("None", "any")
        raise BadCell(f"{typed} is outside the range {allowed}")
    return typed


def _is_within(number: float, column: Column) -> bool:
    least = column.minimum is None or number >= column.minimum
    return least and (column.maximum is None or number <= column.maximum)


def _convert(value: Any, dtype: Any) -> Any:
    """Return the value in a polars type, or None."""
    if dtype == pl.String:
        return value if isinstance(value, str) else None
    if dtype == pl.Boolean:
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value):
        return None
    if dtype.is_integer():
        return int(value) if float(value).is_integer() and abs(value) < 2**53 else None
    return float(value)


def _name(column: Column) -> str:
    return str(column.dtype)
