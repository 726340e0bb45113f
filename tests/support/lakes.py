"""Data roots for tests: built once for all test processes, copied, or written row by row."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.lake import warehouse
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES


def build_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """Return a folder that is built by the first test process while the others wait."""
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    finished = place.with_name(f"{name}.finished")
    with place.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            build(place)
            finished.touch()
    return place


def copy_lake(lake: Path, to: Path) -> Path:
    """Copy a data root, keeping symbolic links and modification times."""
    return shutil.copytree(lake, to, symlinks=True)


def write_rows(
    root: Path, name: str, rows: list[dict[str, Any]], partition: str | None = None
) -> None:
    """Write a table; columns missing from the rows are null."""
    table = TABLES[name]
    frame = pl.DataFrame(rows, schema=table.polars_schema)
    write_table(frame, table, table_path(root / "tables", table, partition))


def publish_database(root: Path) -> None:
    """Publish the DuckDB database of a data root's tables."""
    warehouse.publish(root / "tables", root / "eemo.duckdb")
