"""The schema as a page for people: `python -m eemo_pipeline.schema.document > TABLES.md`.

The texts about tables and columns are in `tables.py` and `columns.py`.
"""

import sys

import polars as pl

from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import TABLES, Table

REGENERATE = "python -m eemo_pipeline.schema.document > TABLES.md"
_TYPES = {
    "String": "text",
    "Int64": "integer",
    "Float64": "number",
    "Float32": "number",
    "Boolean": "yes/no",
}
_HEAD = f"""# Tables

Generated from `eemo_pipeline/schema/` by `{REGENERATE}`; do not edit by hand.

A table has one name everywhere: the Dagster asset, the Parquet file below `tables/` and the table
in `eemo.duckdb`. A leading underscore marks an intermediate table of its stage. Columns marked
optional may be empty; all others always hold a value.
"""


def render_tables() -> str:
    """Return the whole page in Markdown, stages and tables in pipeline order."""
    parts = [_HEAD, _render_index()]
    stage = ""
    for table in TABLES.values():
        if table.stage != stage:
            stage = table.stage
            parts.append(f"## {stage}\n")
        parts.append(_render_table(table))
    return "\n".join(parts)


def main() -> None:
    """Write the page to standard output."""
    sys.stdout.write(render_tables())


def _render_index() -> str:
    lines = ["| table | one row per | columns |", "|---|---|---:|"]
    lines += [
        f"| [`{table.name}`](#{table.name}) | {_cell(table.grain)} | {len(table.columns)} |"
        for table in TABLES.values()
    ]
    return "\n".join(lines) + "\n"


def _render_table(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    lines = [f"### {table.name}\n", f"One row per {table.grain}.\n", f"Key: {key}.\n"]
    if table.is_partitioned:
        lines.append(f"One file per source: `tables/{table.name}/<source>.parquet`.\n")
    lines += [
        "| column | type | unit | allowed | optional | meaning |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        " | ".join(
            (
                f"| `{column.name}`",
                _type(column),
                _cell(column.unit),
                _allowed(column),
                "optional" if column.name in table.optional else "",
                f"{_cell(column.meaning)} |",
            )
        )
        for column in table.definitions
    ]
    return "\n".join(lines) + "\n"


def _type(column: Column) -> str:
    if isinstance(column.dtype, pl.List):
        return f"list of {_TYPES[str(column.dtype.inner)]}"
    return _TYPES[str(column.dtype)]


def _allowed(column: Column) -> str:
    if column.values:
        return ", ".join(f"`{value}`" for value in column.values)
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:g} to {column.maximum:g}"
    if column.minimum is not None:
        return f"at least {column.minimum:g}"
    if column.maximum is not None:
        return f"at most {column.maximum:g}"
    return ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
