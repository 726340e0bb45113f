"""Parquet files of the data root: paths, atomic writes and lazy scans.

A path is a name and never a pattern: a data root may be called "[a]*" or "source=b".
Columns and types are in `schema/`; Dagster uses this module through
`resources/storage/parquet_io_manager.py`.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from eemo_pipeline.schema.tables import TABLES, Table
from eemo_pipeline.schema.validate import conform

# Rows of a row group in a table that is written in batches; a group is buffered as a whole.
_BATCH_ROWS = 50_000


class DamagedTable(Exception):
    """A file under `tables/` is not the table of its name; it was altered from outside.

    Attributes:
        path: the file.
        why: the problem.
    """

    def __init__(self, path: Path, table: str, why: str) -> None:
        """Name the file, the table, the cause and the remedy."""
        super().__init__(
            f"{path} does not hold the table {table}: {why}. "
            "Delete the file and run everything again."
        )
        self.path = path
        self.why = why


@dataclass(frozen=True)
class Written:
    """A file on disk: its path, rows, bytes, SHA-256, and whether its bytes changed."""

    path: Path
    rows: int
    size_bytes: int
    sha256: str
    is_changed: bool


def table_path(tables: Path, table: Table, partition: str | None = None) -> Path:
    """Return `tables/<name>.parquet`, or `tables/<name>/<partition>.parquet` if partitioned.

    Raises:
        ValueError: the table is partitioned and no partition is given.
    """
    if table.is_partitioned:
        if partition is None:
            raise ValueError(f"{table.name} is partitioned by source: name the partition")
        return tables / table.name / f"{partition}.parquet"
    return tables / f"{table.name}.parquet"


def write_table(
    frame: pl.DataFrame, table: Table, path: Path, attempt: str = str(os.getpid())
) -> Written:
    """Write `frame` as the whole content of `path`, in key order, atomically.

    The file is written under a temporary name that holds `attempt` (run and retry), then renamed;
    two attempts never share a temporary file. If the bytes equal those on disk the file is left
    untouched, so that an unchanged input changes no file.

    Raises:
        SchemaError: the frame does not have the table's columns and types.
    """
    ordered = conform(frame, table).sort(table.key, nulls_last=True, maintain_order=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{attempt}.tmp")
    try:
        ordered.write_parquet(temporary, compression="zstd", statistics=True)
        return _publish(temporary, path, ordered.height)
    finally:
        temporary.unlink(missing_ok=True)


def write_batches(
    batches: Iterable[pl.DataFrame], table: Table, path: Path, attempt: str = str(os.getpid())
) -> Written:
    """Write frames that together are in key order, atomically; one is in memory at a time.

    Raises:
        SchemaError: a frame does not have the table's columns and types.
    """

    def ordered(*_: object) -> Iterator[pl.DataFrame]:
        return (conform(batch, table) for batch in batches)

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{attempt}.tmp")
    try:
        register_io_source(ordered, schema=table.polars_schema).sink_parquet(
            temporary, compression="zstd", statistics=True, row_group_size=_BATCH_ROWS
        )
        rows = (
            pl.scan_parquet(temporary, glob=False, hive_partitioning=False)
            .select(pl.len())
            .collect()
            .item()
        )
        return _publish(temporary, path, rows)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(content: bytes, path: Path, attempt: str = str(os.getpid())) -> Written:
    """Write a published file atomically, like `write_table`; `rows` is its line count."""
    return write_chunks([content], path, attempt)


def write_chunks(chunks: Iterable[bytes], path: Path, attempt: str = str(os.getpid())) -> Written:
    """Write a published file in chunks; only one chunk is in memory at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{attempt}.tmp")
    digest, rows, size = hashlib.sha256(), 0, 0
    try:
        with temporary.open("wb") as handle:
            for chunk in chunks:
                handle.write(chunk)
                digest.update(chunk)
                rows += chunk.count(b"\n")
                size += len(chunk)
        is_changed = not (path.exists() and file_sha256(path) == digest.hexdigest())
        if is_changed:
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return Written(path, rows, size, digest.hexdigest(), is_changed)


def _publish(temporary: Path, path: Path, rows: int) -> Written:
    """Rename the finished file, unless its bytes are those on disk."""
    sha256, size = file_sha256(temporary), temporary.stat().st_size
    is_changed = not (path.exists() and file_sha256(path) == sha256)
    if is_changed:
        temporary.replace(path)
    return Written(path, rows, size, sha256, is_changed)


def scan_table(tables: Path, name: str, partitions: Sequence[str] | None = None) -> pl.LazyFrame:
    """Scan a table; of a partitioned one, the named partitions or else all that exist.

    A table or partition that was never written has no rows.

    Raises:
        DamagedTable: a file does not hold the table.
    """
    table = TABLES[name]
    if not table.is_partitioned:
        path = table_path(tables, table)
        paths = [path] if path.exists() else []
    elif partitions is None:
        paths = sorted((tables / name).glob("[!.]*.parquet"))
    else:
        candidates = [table_path(tables, table, partition) for partition in partitions]
        paths = [path for path in candidates if path.exists()]
    if not paths:
        return table.empty().lazy()
    for path in paths:
        require_table(path, table)
    return pl.scan_parquet(paths, glob=False, hive_partitioning=False)


def require_table(path: Path, table: Table) -> None:
    """Require the footer of a Parquet file to have the columns and types of its table.

    Raises:
        DamagedTable: the file is not a Parquet file, or is another table's.
    """
    try:
        with path.open("rb") as handle:
            found = pl.read_parquet_schema(handle)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DamagedTable(path, table.name, str(error).splitlines()[0]) from error
    if found != table.polars_schema:
        wrong = sorted(set(found.items()) ^ set(table.polars_schema.items()), key=str)
        raise DamagedTable(path, table.name, f"column {wrong[0][0]} differs from the schema")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, lower-case hexadecimal, read in bounded memory."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
