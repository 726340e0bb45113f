"""Builds `gate__edits`: every value that a person changed by hand, and whether it holds."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.lake.edits import Edit, Key, list_edited, read_edits, same, values_of
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.schema.tables import TABLES, Table


def build_edits(gate: Path, tables: Path) -> pl.DataFrame:
    """Return one row per edit, with the value that its table has now.

    Args:
        gate: the folder of the edits.
        tables: the tables, as they were written last.
    """
    rows = [
        row
        for name in list_edited(gate)
        if name in TABLES
        for row in _judge(read_edits(gate, name), TABLES[name], tables)
    ]
    table = TABLES["gate__edits"]
    return pl.DataFrame(rows, schema=table.polars_schema).sort(table.key)


def _judge(edits: list[Edit], table: Table, tables: Path) -> list[dict[str, Any]]:
    keys = pl.DataFrame(
        [dict(zip(table.key, edit.key, strict=True)) for edit in edits],
        schema={name: table.polars_schema[name] for name in table.key},
    ).unique()
    written = scan_table(tables, table.name).join(
        keys.lazy(), on=table.key, how="semi", nulls_equal=True
    )
    found = {values_of(row, table): row for row in written.collect().to_dicts()}
    last = {(edit.key, edit.column): edit.number for edit in edits}
    return [
        {
            "edited_table": table.name,
            "edit_no": edit.number,
            "edited_key": _as_json(dict(zip(table.key, edit.key, strict=True))),
            "edited_column": edit.column,
            "old_json": _as_json(edit.old),
            "new_json": _as_json(edit.new),
            "found_json": _as_json(found[edit.key][edit.column]) if edit.key in found else None,
            "edited_by": edit.by,
            "edited_at": edit.at,
            "edit_state": _state(edit, found, last),
        }
        for edit in edits
    ]


def _state(edit: Edit, found: dict[Key, dict[str, Any]], last: dict[tuple[Key, str], int]) -> str:
    if last[edit.key, edit.column] > edit.number:
        return "superseded"
    if edit.key not in found:
        return "row_is_gone"
    return "holds" if same(found[edit.key][edit.column], edit.new) else "value_has_changed"


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
