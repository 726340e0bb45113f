"""The comments in the published file, and `meta`: dictionary, examples, lineage, build.

Columns of tables are described by the schema; columns of views by the head of their SQL file, or by
the schema where they are its columns.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from eemo_pipeline.lake.sql_files import (
    ENUMS,
    Statement,
    list_examples,
    list_macros,
    list_views,
    published_type,
    quote_name,
    quote_text,
)
from eemo_pipeline.schema.columns import COLUMNS
from eemo_pipeline.schema.tables import TABLES

READABLE_BY = "DuckDB 1.2 and later"

_META = {
    "dictionary": (
        "One row per type, table, view, macro and table of meta, and per column of each",
        {
            "kind": "type, table, view, macro or meta",
            "table_name": "Name of the type, table, view or macro",
            "column_name": "Name of the column; null in the row about the whole",
            "type": "Type in DuckDB; of a macro its parameters, of a type its values",
            "unit": "Unit of the numbers; empty for text and pure numbers",
            "meaning": "What a row, a macro or the column is, in a sentence",
        },
    ),
    "examples": (
        "One row per query to start from",
        {"title": "What the query answers", "sql": "The query"},
    ),
    "lineage": (
        "One row per table or view, and table that it is made from",
        {
            "table_name": "Name of the table or view",
            "made_from": "Name of a table that its step reads, or that the view reads",
        },
    ),
    "build": (
        "One row: how the file was made",
        {
            "fingerprint": "SHA-256 of everything that the file is made from",
            "readable_by": "Versions of DuckDB that open the file",
        },
    ),
}


class UndescribedColumn(Exception):
    """A column of a view has no meaning, or a meaning no column."""


@dataclass(frozen=True)
class Entry:
    """One row of `meta.dictionary`."""

    kind: str
    table_name: str
    column_name: str | None
    type: str
    unit: str
    meaning: str

    @property
    def comment(self) -> str:
        """The meaning with the unit, as the comment in the file says it."""
        return f"{self.meaning} [{self.unit}]" if self.unit else self.meaning


def describe(
    connection: duckdb.DuckDBPyConnection, fingerprint: str, lineage: Sequence[tuple[str, str]]
) -> None:
    """Add the comments and the tables of `meta` to a file that has all tables, views and macros.

    Args:
        connection: to the file.
        fingerprint: of everything that the file is made from.
        lineage: rows of `meta.lineage`.

    Raises:
        UndescribedColumn: the head of a view does not fit its columns.
    """
    connection.execute("create schema meta")
    for name, (_, columns) in _META.items():
        definitions = ", ".join(f"{quote_name(column)} varchar" for column in columns)
        connection.execute(f"create table meta.{name} ({definitions})")
    views = [entry for view in list_views() for entry in describe_view(connection, view)]
    entries = [*_enums(), *_tables(), *views, *_macros(), *_meta()]
    for entry in entries:
        connection.execute(f"comment on {_target(entry)} is {quote_text(entry.comment)}")
    connection.executemany(
        "insert into meta.dictionary values (?, ?, ?, ?, ?, ?)",
        [(e.kind, e.table_name, e.column_name, e.type, e.unit, e.meaning) for e in entries],
    )
    connection.executemany(
        "insert into meta.examples values (?, ?)",
        [(example.description, example.sql) for example in list_examples()],
    )
    connection.executemany("insert into meta.lineage values (?, ?)", lineage)
    connection.execute("insert into meta.build values (?, ?)", [fingerprint, READABLE_BY])


def is_table_macro(macro: Statement) -> bool:
    """Return whether a macro gives rows, and not a value."""
    return re.search(r"(?m)^\(.*\) as table$", macro.sql) is not None


def macro_text(macro: Statement) -> str:
    """Return the parameters and the body of a macro, without its comments."""
    return re.sub(r"(?m)^--.*$\n?", "", macro.sql)


def _tables() -> Iterator[Entry]:
    for table in TABLES.values():
        yield Entry("table", table.name, None, "", "", f"One row per {table.grain}")
        for column in table.definitions:
            yield Entry(
                "table",
                table.name,
                column.name,
                published_type(column),
                column.unit,
                column.meaning,
            )


def describe_view(connection: duckdb.DuckDBPyConnection, view: Statement) -> Iterator[Entry]:
    """Yield the entry of a view and of each of its columns.

    Raises:
        UndescribedColumn: a column has no meaning, or a meaning no column.
    """
    yield Entry("view", view.name, None, "", "", view.description)
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where schema_name = 'main' and table_name = ? order by column_index",
        [view.name],
    ).fetchall()
    names = {name for name, _ in columns}
    known = view.columns.keys() | COLUMNS.keys()
    if wrong := sorted((names - known) | (view.columns.keys() - names)):
        raise UndescribedColumn(
            f"Columns of the view and lines at the head of {view.name}.sql differ: "
            f"{', '.join(wrong)}. Say there what each column is that the schema does not know, "
            "as in `-- name [unit]: meaning`, and nothing else."
        )
    for name, kind in columns:
        note = view.columns.get(name) or COLUMNS[name]
        yield Entry("view", view.name, name, _name_enum(kind), note.unit, note.meaning)


def _name_enum(kind: str) -> str:
    """Return the name of an ENUM, which DuckDB spells out, or any other type as it is."""
    spelled = {
        f"ENUM({', '.join(map(quote_text, values))})": name for name, (_, values) in ENUMS.items()
    }
    return spelled.get(kind, kind)


def _enums() -> Iterator[Entry]:
    for name, (meaning, values) in ENUMS.items():
        yield Entry("type", name, None, f"enum ({', '.join(values)})", "", meaning)


def _macros() -> Iterator[Entry]:
    for macro in list_macros():
        parameters = macro_text(macro).partition(" as")[0]
        yield Entry("macro", macro.name, None, parameters, "", macro.description)


def _meta() -> Iterator[Entry]:
    for name, (grain, columns) in _META.items():
        yield Entry("meta", f"meta.{name}", None, "", "", grain)
        for column, meaning in columns.items():
            yield Entry("meta", f"meta.{name}", column, "VARCHAR", "", meaning)


def _target(entry: Entry) -> str:
    place = ".".join(quote_name(part) for part in entry.table_name.split("."))
    if entry.column_name is not None:
        return f"column {place}.{quote_name(entry.column_name)}"
    if entry.kind == "macro":
        macro = next(macro for macro in list_macros() if macro.name == entry.table_name)
        return f"macro table {place}" if is_table_macro(macro) else f"macro {place}"
    return f"{entry.kind if entry.kind in ('view', 'type') else 'table'} {place}"
