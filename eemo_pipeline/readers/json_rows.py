"""Reads annotation files in JSON as rows, each an object, and writes attributes as JSON.

Values become cells of text for the checks in `row_checks.py`. Nothing here raises on content.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import Listing
from eemo_pipeline.readers.delimited import PLACEHOLDERS
from eemo_pipeline.readers.encodings import UNDECODED, decode
from eemo_pipeline.readers.row_checks import FAULTS, Check, name_encoding
from eemo_pipeline.readers.tables import Headers


@dataclass(frozen=True)
class JsonRow:
    """One element of a JSON annotation file.

    Attributes:
        table_path: the file, relative to the source's folder.
        row: position in the file, from 1.
        name: its key where the file is an object of elements, else None.
        fields: the fields of the element; empty where it is not an object.
        refusal: bad_json where the text is not JSON, not_an_object where the element is not one,
            surplus_cells where a line of delimited text is longer than its header, or one of
            `row_checks.FAULTS`.
        encoding: the likely encoding of the file, where it is the reason of the refusal.
        line: line of the file, from 1, where every row is a line or begins one; else None.
    """

    table_path: str
    row: int
    name: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    refusal: str | None = None
    encoding: str | None = None
    line: int | None = None


def parse_json(text: str) -> tuple[Any, bool]:
    """Return the value, and whether the text is JSON; NaN and infinities become text."""
    return _parse(text, dict)


def read_json_list(listing: Listing, path: str) -> list[JsonRow]:
    """Return one row per element of a list; a lone object is a list of one, an empty file none."""
    text, encoding = decode((listing.root / path).read_bytes())
    value, is_json = parse_json(text)
    if not is_json:
        return [_bad_row(path, 1, text, encoding)] if text.strip() else []
    elements = value if isinstance(value, list) else [value]
    return [_row(path, place, None, element) for place, element in enumerate(elements, 1)]


def read_json_lines(listing: Listing, path: str) -> list[JsonRow]:
    """Return one row per line that is not blank."""
    text, encoding = decode((listing.root / path).read_bytes())
    rows: list[JsonRow] = []
    for line_no, line in enumerate(text.split("\n"), 1):
        if line.strip():
            value, is_json = parse_json(line)
            row = len(rows) + 1
            bad = _bad_row(path, row, line, encoding)
            found = _row(path, row, None, value) if is_json else bad
            rows.append(replace(found, line=line_no))
    return rows


def read_json_object(listing: Listing, path: str) -> list[JsonRow]:
    """Return one row per member of an object, named by its key; a repeated key gives two rows."""
    text, encoding = decode((listing.root / path).read_bytes())
    value, is_json = _parse(text, _Members)
    if not is_json:
        return [_bad_row(path, 1, text, encoding)] if text.strip() else []
    if not isinstance(value, _Members):
        return [JsonRow(path, 1, refusal="not_an_object")]
    return [
        _member_row(path, place, clean_text(name), element)
        for place, (name, element) in enumerate(value, 1)
    ]


def _member_row(path: str, row: int, name: str, element: Any) -> JsonRow:
    try:
        return _row(path, row, name, _plain(element))
    except RecursionError:
        return JsonRow(path, row, name, refusal="bad_json")


class _Members(tuple[tuple[str, Any], ...]):
    """The members of an object in the order of the file, including repeated keys."""

    __slots__ = ()


def _plain(value: Any) -> Any:
    """Return the value with ordinary objects, which keep the last of repeated keys."""
    if isinstance(value, _Members):
        return {name: _plain(member) for name, member in value}
    return [_plain(element) for element in value] if isinstance(value, list) else value


def _parse(text: str, make_object: Callable[[list[tuple[str, Any]]], Any]) -> tuple[Any, bool]:
    if UNDECODED in text:
        return None, False
    try:
        value = json.loads(
            text,
            parse_constant=str,
            parse_float=_parse_float,
            object_pairs_hook=make_object,
        )
    except (ValueError, RecursionError, MemoryError):
        return None, False
    return value, True


def _parse_float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def _bad_row(path: str, row: int, text: str, encoding: str | None) -> JsonRow:
    if UNDECODED in text:
        return JsonRow(path, row, refusal="bad_encoding", encoding=encoding)
    return JsonRow(path, row, refusal="bad_json")


def _row(path: str, row: int, name: str | None, element: Any) -> JsonRow:
    if not isinstance(element, dict):
        return JsonRow(path, row, name, refusal="not_an_object")
    return JsonRow(path, row, name, element)


# --- cells -------------------------------------------------------------------------------------


def clean_text(text: str) -> str:
    """Return the text without lone halves of surrogate pairs, which no table can hold."""
    return text.encode("utf-8", "replace").decode()


def as_cell(value: Any) -> str | None:
    """Return a value as text: strings unchanged, None for null and empty lists, else JSON."""
    if value is None or value in ([], {}):
        return None
    return clean_text(value) if isinstance(value, str) else encode_json(value)


def is_placeholder(value: Any) -> bool:
    """Return whether a value is a text that stands for nothing, such as "None" or "N/A"."""
    return isinstance(value, str) and value.strip().lower() in PLACEHOLDERS


def encode_json(value: Any) -> str | None:
    """Return a value as compact JSON; None where its nesting or a number in it is too long."""
    try:
        return clean_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except (ValueError, RecursionError):
        return None


def encode_given(fields: Mapping[str, Any]) -> str | None:
    """Return the fields with a value, as a JSON object; None where there is none."""
    given = {
        name: value
        for name, value in fields.items()
        if value not in (None, "", [], {}) and not is_placeholder(value)
    }
    return encode_json(given) if given else None


def pick(fields: Mapping[str, Any], spellings: Iterable[str]) -> Any:
    """Return the first value that is not null under one of the spellings."""
    given = (fields.get(name) for name in spellings)
    return next((value for value in given if value is not None), None)


def lower_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields under their names in lower case."""
    return {name.casefold(): value for name, value in fields.items()}


def tabulate(rows: Sequence[JsonRow], headers: Headers) -> pl.DataFrame:
    """Return the fields as text cells by our own names, with `table_path`, `row`, `line`,
    `refused_as` and `encoding`.

    `headers` maps our name to the field's spellings, in lower case. A field missing from a row is
    null, and so are a placeholder for nothing and every field of a row that is not an object.
    """
    lowered = [lower_names(row.fields) for row in rows]
    columns = {
        "table_path": [row.table_path for row in rows],
        "row": [row.row for row in rows],
        "line": [row.line for row in rows],
        "refused_as": [row.refusal for row in rows],
        "encoding": [row.encoding for row in rows],
        **{
            name: [
                None if is_placeholder(value := pick(fields, spellings)) else as_cell(value)
                for fields in lowered
            ]
            for name, spellings in headers.items()
        },
    }
    schema: dict[str, Any] = dict.fromkeys(columns, pl.String)
    return pl.DataFrame(columns, schema={**schema, "row": pl.Int64, "line": pl.Int64})


def json_checks() -> list[Check]:
    """Refuse files that are not JSON, elements that are not objects, and overlong lines."""
    details = {
        "bad_json": "the text is not JSON in UTF-8",
        "not_an_object": "the element is not an object of named fields",
        "surplus_cells": "the line has more cells than the header",
        **{fault: fix for fault, fix in FAULTS.items() if fault != "bad_encoding"},
    }
    is_undecoded = pl.col("refused_as") == "bad_encoding"
    return [
        Check("bad_encoding", is_undecoded, pl.format(name_encoding("{}"), pl.col("encoding"))),
        *(
            Check(reason, pl.col("refused_as") == reason, pl.lit(detail))
            for reason, detail in details.items()
        ),
    ]
