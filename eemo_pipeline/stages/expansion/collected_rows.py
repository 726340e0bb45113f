"""The journal of `eemo collect` as a table: what became of every row of every manifest.

A journal is a file of JSON lines per manifest; a row that was tried again has a later line, and the
last one counts. `resources/network/collection.py` writes it.
"""

import json
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.schema.tables import TABLES

_TABLE = TABLES["expansion__collected_rows"]


def list_collected(folder: Path) -> pl.DataFrame:
    """Return `expansion__collected_rows` from the journals in the folder; empty without any."""
    rows = [
        row | {"manifest": journal.stem}
        for journal in sorted(folder.glob("*.jsonl"))
        for row in read_journal(journal).values()
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def read_journal(journal: Path) -> dict[int, dict[str, Any]]:
    """Return row -> its last line; a line that a crash cut off does not count."""
    rows: dict[int, dict[str, Any]] = {}
    if not journal.is_file():
        return rows
    for line in journal.read_text("utf-8", "replace").splitlines():
        try:
            told = json.loads(line)
            rows[int(told["row"])] = told
        except (ValueError, TypeError, KeyError):
            continue
    return rows
