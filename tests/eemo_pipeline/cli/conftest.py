"""The real command, and a data root whose tables are written by hand."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.lake import warehouse
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES

EEMO = Path(sys.executable).parent / "eemo"
HOSTILE = "[bold red]markup[/] \x1b]0;title\x07\x1b[31mred\x9b2J \u202eturned\ttab\nline"
PICTURES = {"a.jpg": b"first", "b.jpg": b"second", "sub/c.jpg": b"third"}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def eemo(tmp_path: Path) -> Run:
    """Run `eemo` in an empty folder, without the caller's data root or colours."""

    def run(*words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [EEMO, *words],
            cwd=tmp_path,
            env=environment(**variables),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def on_terminal(tmp_path: Path) -> Callable[..., str]:
    """Run `eemo` with a terminal on stdout and return what it was sent."""

    def run(*words: str | Path, **variables: str) -> str:
        reader, writer = pty.openpty()
        with subprocess.Popen(
            [EEMO, *words],
            cwd=tmp_path,
            env=environment(COLUMNS="200", TERM="xterm", **variables),
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.PIPE,
        ):
            os.close(writer)
            parts = []
            try:
                while part := os.read(reader, 65536):
                    parts.append(part)
            except OSError:  # Linux says so when the other side is closed
                pass
            os.close(reader)
        return b"".join(parts).decode()

    return run


def environment(**variables: str) -> dict[str, str]:
    ours = {"EEMO_DATA", "EEMO_TRACEBACK", "NO_COLOR", "COLUMNS"}
    return {name: text for name, text in os.environ.items() if name not in ours} | variables


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with three pictures and a refused file, published; read only."""
    root = tmp_path_factory.mktemp("built")
    folder = root / "sources" / "folder"
    for name, content in {**PICTURES, "broken.jpg": b"refused"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    images = [
        {"image_id": sha256(content).hexdigest(), "path": name}
        for name, content in PICTURES.items()
    ]
    records = [{**image, "record_id": image["path"], "source": "folder"} for image in images]
    reject = {"source": "folder", "path": "broken.jpg", "reason": "truncated", "detail": HOSTILE}
    write(root, "ingest__images", images)
    write(root, "ingest__records", records, "folder")
    write(root, "ingest__rejects", [reject], "folder")
    warehouse.publish(root / "tables", root / "eemo.duckdb")
    return root


def write(root: Path, name: str, rows: list[dict[str, Any]], partition: str | None = None) -> None:
    """Write a table; columns that the rows do not name are null."""
    table = TABLES[name]
    frame = pl.DataFrame(rows, schema=table.polars_schema)
    write_table(frame, table, table_path(root / "tables", table, partition))


@pytest.fixture
def write_table_rows() -> Callable[..., None]:
    """Write one table of a data root and publish its database."""

    def write_rows(root: Path, name: str, rows: list[dict[str, Any]]) -> None:
        write(root, name, rows)
        warehouse.publish(root / "tables", root / "eemo.duckdb")

    return write_rows
