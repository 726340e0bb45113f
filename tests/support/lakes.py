"""Data roots: built once for every test process, copied, written by hand."""

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
    """A folder that the first of the test processes builds while the others wait."""
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
    """Copy a data root, links as links and with all times."""
    return shutil.copytree(lake, to, symlinks=True)


def write_rows(
    root: Path, name: str, rows: list[dict[str, Any]], partition: str | None = None
) -> None:
    """Write a table; columns that the rows do not name are null."""
    table = TABLES[name]
    frame = pl.DataFrame(rows, schema=table.polars_schema)
    write_table(frame, table, table_path(root / "tables", table, partition))


def publish_database(root: Path) -> None:
    """Publish the database of a data root's tables."""
    warehouse.publish(root / "tables", root / "eemo.duckdb")
