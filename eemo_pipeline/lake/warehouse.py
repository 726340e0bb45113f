"""The tables as SQL: published to one DuckDB file, opened for checks, queried, explained.

The SQL itself is in `sql/`; its checks are run in `sql_checks.py`; Parquet files are written in
`parquet.py`.

The published file is self-contained and is only ever replaced as a whole, so that an analyst who
has it open is neither locked out nor shown half a build. Text from datasets is always data: it is
bound or quoted, never formatted into SQL.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from eemo_pipeline.lake.data_dictionary import describe, macro_text
from eemo_pipeline.lake.parquet import DamagedTable, file_sha256, require_table, table_path
from eemo_pipeline.lake.sql_files import (
    ENUMS,
    Statement,
    column_type,
    list_examples,
    list_macros,
    list_views,
    published_type,
    quote_files,
    quote_name,
    quote_text,
)
from eemo_pipeline.schema.tables import TABLES, Table

_NOT_TOLD: Mapping[str, Sequence[str]] = MappingProxyType({})
_STORAGE_VERSION = "v1.2.0"  # the oldest that READABLE_BY promises; by default it is the newest
_BLOBS = frozenset({"features", "mask_counts", "embedding", "unit_embedding"})


class WarehouseError(Exception):
    """The warehouse cannot answer; the message names the file or statement, and the fix."""


@dataclass(frozen=True)
class Published:
    """The published file: rows per table, fingerprint of its inputs, and whether it was rebuilt."""

    path: Path
    rows: dict[str, int]
    fingerprint: str
    is_changed: bool


@dataclass(frozen=True)
class Explained:
    """The rows of one table about one image."""

    stage: str
    table: str
    rows: tuple[dict[str, Any], ...]


def publish(
    tables_dir: Path, database: Path, made_from: Mapping[str, Sequence[str]] = _NOT_TOLD
) -> Published:
    """Build `database` from the Parquet files, or leave it where nothing changed.

    Every table of the schema exists under its own name, empty where it was never written, with the
    views of `sql/`, comments, and the tables of `meta`; `made_from` tells which tables the step of
    a table reads. The file is built under a temporary name and renamed; a process that has the old
    file open keeps reading it. Its format is the one that READABLE_BY reads.

    Raises:
        WarehouseError: a Parquet file or a view does not fit the schema.
    """
    lineage = _list_lineage(made_from)
    sources = {name: _parquet_files(tables_dir, table) for name, table in TABLES.items()}
    fingerprint = _fingerprint(tables_dir, sources, lineage)
    if _published_fingerprint(database) == fingerprint:
        return Published(database, _row_counts(database), fingerprint, is_changed=False)
    database.parent.mkdir(parents=True, exist_ok=True)
    temporary = database.with_name(f".{database.name}.{os.getpid()}.tmp")
    leftovers = (temporary, temporary.with_name(f"{temporary.name}.wal"))
    for path in leftovers:
        path.unlink(missing_ok=True)
    try:
        with duckdb.connect(
            str(temporary), config={"storage_compatibility_version": _STORAGE_VERSION}
        ) as connection:
            connection.execute("begin")  # one write to disk instead of one per comment
            for name, (_, values) in ENUMS.items():
                listed = ", ".join(map(quote_text, values))
                connection.execute(f"create type {quote_name(name)} as enum ({listed})")
            for name, table in TABLES.items():
                _load(connection, table, sources[name])
            for view in list_views():
                _create_view(connection, "view", view)
            for macro in list_macros():
                _create_macro(connection, macro)
            describe(connection, fingerprint, lineage)
            connection.execute("commit")
            connection.execute("checkpoint")
        temporary.replace(database)
    finally:
        for path in leftovers:
            path.unlink(missing_ok=True)
    return Published(database, _row_counts(database), fingerprint, is_changed=True)


def open_tables(
    tables_dir: Path, statements: Iterable[str] | None = None
) -> duckdb.DuckDBPyConnection:
    """Return an in-memory connection with every table over its Parquet files, and the views.

    They are temporary views: no other connection sees them, and they end with this one.

    With `statements`, only the tables and views that they mention: a check reads two or three of
    them, and opening all costs more than the check. A damaged file breaks only the statements that
    read it, because a run can write it again.

    Raises:
        WarehouseError: a view does not fit the schema.
    """
    views = list_views()
    mentioned = None if statements is None else _mentioned(statements, views)
    connection = _memory().cursor()
    for table in TABLES.values():
        if mentioned is not None and table.name not in mentioned:
            continue
        source = _rows(table, _parquet_files(tables_dir, table))
        columns = ", ".join(quote_name(column) for column in table.columns)
        connection.execute(
            f"create temp view {quote_name(table.name)} as select {columns} from {source}"  # noqa: S608
        )
    for view in views:
        if mentioned is None or view.name in mentioned:
            _create_view(connection, "temp view", view)
    return connection


def list_tables_read(statements: Iterable[str]) -> list[str]:
    """Return the tables that the statements read, themselves or through views, in stage order."""
    mentioned = _mentioned(statements, list_views())
    return [name for name in TABLES if name in mentioned]


@cache
def _memory() -> duckdb.DuckDBPyConnection:
    """Return this process's empty database: creating one takes as long as many checks."""
    return duckdb.connect(":memory:", config={"enable_external_file_cache": False})


def _mentioned(statements: Iterable[str], views: Sequence[Statement]) -> set[str]:
    """Return every word of the statements and of the views they use; an extra word costs little."""
    words = {word for sql in statements for word in _words(sql)}
    for view in reversed(views):  # a view reads only those before it
        if view.name in words:
            words.update(_words(view.sql))
    return words


def _words(sql: str) -> list[str]:
    """Return the words of a statement, without its comments: prose may name any view."""
    return re.findall(r"\w+", re.sub(r"--.*", "", sql))


def _load(connection: duckdb.DuckDBPyConnection, table: Table, paths: list[Path]) -> None:
    columns = ", ".join(f"{quote_name(c.name)} {published_type(c)}" for c in table.definitions)
    connection.execute(f"create table {quote_name(table.name)} ({columns})")
    if not paths:
        return
    names = ", ".join(quote_name(column) for column in table.columns)
    load = f"insert into {quote_name(table.name)} select {names} from {_rows(table, paths)}"  # noqa: S608
    try:
        connection.execute(load)
    except duckdb.Error as error:
        raise WarehouseError(f"{table.name} cannot be loaded: {error}") from error


def _create_view(connection: duckdb.DuckDBPyConnection, kind: str, view: Statement) -> None:
    name = quote_name(view.name)
    try:
        connection.execute(f"create {kind} {name} as {view.sql}")
    except duckdb.Error as error:
        raise WarehouseError(
            f"The view {view.name} does not fit the tables: {error}. "
            f"Correct {view.name}.sql below sql/."
        ) from error


def _create_macro(connection: duckdb.DuckDBPyConnection, macro: Statement) -> None:
    try:
        connection.execute(f"create macro {quote_name(macro.name)}{macro_text(macro)}")
    except duckdb.Error as error:
        raise WarehouseError(f"The macro {macro.name} does not fit the tables: {error}") from error


def _parquet_files(tables_dir: Path, table: Table) -> list[Path]:
    if table.is_partitioned:
        return sorted((tables_dir / table.name).glob("[!.]*.parquet"))
    path = table_path(tables_dir, table)
    return [path] if path.exists() else []


def _list_lineage(made_from: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return the rows of `meta.lineage`: of tables as told, of views by their SQL."""
    of_views = {view.name: list_tables_read([view.sql]) for view in list_views()}
    return sorted(
        (name, read)
        for told in (made_from, of_views)
        for name, every in told.items()
        for read in every
    )


def _fingerprint(
    tables_dir: Path, sources: Mapping[str, list[Path]], lineage: list[tuple[str, str]]
) -> str:
    parts = {
        "duckdb": [duckdb.__version__, _STORAGE_VERSION],
        "files": {
            path.relative_to(tables_dir).as_posix(): file_sha256(path)
            for paths in sources.values()
            for path in paths
        },
        "types": ENUMS,
        "lineage": lineage,
        "sql": [[s.name, s.sql] for s in (*list_views(), *list_macros(), *list_examples())],
        "schema": [
            [table.name, table.grain, *((c.name, str(c.dtype), c.unit, c.meaning) for c in columns)]
            for table in TABLES.values()
            for columns in (table.definitions,)
        ],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _published_fingerprint(database: Path) -> str | None:
    if not database.exists():
        return None
    try:
        _, rows = query(database, "select fingerprint from meta.build")
    except WarehouseError:
        return None  # not ours, or damaged: it is rebuilt
    return rows[0][0] if rows else None


def _row_counts(database: Path) -> dict[str, int]:
    counts = " union all ".join(
        f"select {quote_text(name)}, count(*) from {quote_name(name)}"  # noqa: S608 (names of the schema)
        for name in TABLES
    )
    return dict(query(database, counts)[1])


def _rows(table: Table, paths: list[Path]) -> str:
    """Return a table expression for a table's rows; a damaged file is an error when read."""
    condition = "false"
    try:
        for path in paths:
            require_table(path, table)
        if paths:
            return quote_files(paths)
    except DamagedTable as error:
        condition = f"error({quote_text(str(error))}) is null"
    nulls = ", ".join(f"null::{column_type(c)} as {quote_name(c.name)}" for c in table.definitions)
    return f"(select {nulls} where {condition})"


def query(
    database: Path, sql: str, parameters: Mapping[str, Any] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one query on the published file; return column names and rows.

    The file is opened read-only, without access to any other file or to the network, and the
    statement cannot change that.

    Raises:
        WarehouseError: there is no file, it cannot be read, or the statement fails.
    """
    with _open_published(database) as connection:
        return _ask(connection, sql, parameters or {})


def explain(database: Path, image: str) -> list[Explained]:
    """Return everything the warehouse holds about one image, table by table in stage order.

    Args:
        database: the published file.
        image: an image_id, a prefix of exactly one, or the path of a file as its source lists it.

    Raises:
        WarehouseError: nothing matches, or more than one image does.
    """
    with _open_published(database) as connection:
        parameters = {"id": _resolve(connection, image), "path": image}
        explained = [_select(connection, table, parameters) for table in TABLES.values()]
    return [part for part in explained if part.rows]


def _select(
    connection: duckdb.DuckDBPyConnection, table: Table, parameters: Mapping[str, Any]
) -> Explained:
    condition = _speaks_of(table)
    columns = [column for column in table.columns if column not in _BLOBS]
    wanted = ", ".join(quote_name(column) for column in columns)
    order = ", ".join(quote_name(column) for column in table.key)
    used = {name: value for name, value in parameters.items() if f"${name}" in condition}
    statement = f"select {wanted} from {quote_name(table.name)} where {condition} order by {order}"  # noqa: S608
    _, rows = _ask(connection, statement, used)
    dicts = tuple(dict(zip(columns, row, strict=True)) for row in rows)
    return Explained(table.stage, table.name, dicts)


@contextmanager
def _open_published(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not database.exists():
        raise WarehouseError(
            f"There is no warehouse at {database}: nothing was published there yet. "
            "Run `eemo run` or `eemo demo`, or name another data root with --data."
        )
    try:
        connection = duckdb.connect(
            str(database),
            read_only=True,
            config={"enable_external_access": "false", "lock_configuration": "true"},
        )
    except duckdb.Error as error:
        raise WarehouseError(
            f"{database} cannot be opened as a warehouse: {error}. "
            "Delete it and materialise warehouse__database again."
        ) from error
    with connection:
        yield connection


def _ask(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    try:
        answer = connection.execute(sql, dict(parameters) or None)
        if answer is None:  # only blanks, semicolons and comments
            raise WarehouseError("The query holds no statement.")
        return [column[0] for column in answer.description or ()], answer.fetchall()
    except (duckdb.Error, RuntimeError) as error:  # RuntimeError: text that is not UTF-8
        raise WarehouseError(f"The query failed: {error}") from error


def _speaks_of(table: Table) -> str:
    if "image_ids" in table.columns:
        return "list_contains(image_ids, $id)"
    if "kept_image_id" in table.columns:
        return "image_id = $id or kept_image_id = $id"
    if "image_id" in table.columns:
        return "image_id = $id"
    if table.name == "ingest__rejects":
        return (
            '"path" = $path or (source, "path") in '
            '(select (source, "path") from ingest__records where image_id = $id)'
        )
    if table.name == "sources__datasets":
        return (
            "source in (select source from ingest__records where image_id = $id "
            'union select source from ingest__rejects where "path" = $path and "row" is null)'
        )
    return "false"


def _resolve(connection: duckdb.DuckDBPyConnection, image: str) -> str | None:
    _, found = _ask(
        connection,
        "select image_id from ingest__images where starts_with(image_id, $image) "
        "union select image_id from ingest__records "
        'where starts_with(image_id, $image) or "path" = $image '
        "union select image_id from review__records where starts_with(image_id, $image) "
        "order by 1 limit 6",
        {"image": image},
    )
    if len(found) > 1 or not image:
        some = ", ".join(row[0][:16] for row in found)
        raise WarehouseError(f"{image!r} names more than one image: {some}. Give more digits.")
    if found:
        return found[0][0]
    _, refused = _ask(
        connection,
        'select 1 from ingest__rejects where "path" = $image and "row" is null limit 1',
        {"image": image},
    )
    if refused:
        return None
    raise WarehouseError(
        f"No image_id begins with {image!r}, and no file has that path. "
        "The view images lists them: `eemo sql 'from images'`."
    )
