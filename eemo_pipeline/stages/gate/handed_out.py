"""Hands a table out as Parquet, CSV or JSONL, with the hash of each row as it was."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_chunks
from eemo_pipeline.schema.tables import Table
from eemo_pipeline.stages.gate.cells import MARK, encode_cell, hash_row


def hand_out(frame: pl.DataFrame, table: Table, file: Path) -> None:
    """Write the rows to `file`, whose ending chooses the format.

    Args:
        frame: rows of the table, in key order.
        table: the table.
        file: ends with .parquet, .csv or .jsonl.
    """
    rows = frame.to_dicts()
    marked = frame.with_columns(
        pl.Series(MARK, [hash_row(row, table) for row in rows], dtype=pl.String)
    )
    write_chunks(WRITERS[file.suffix](marked), file)


def _write_parquet(frame: pl.DataFrame) -> Iterator[bytes]:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    yield buffer.getvalue()


def _write_csv(frame: pl.DataFrame) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in frame.iter_rows():
        writer.writerow([encode_cell(value) for value in row])
    yield buffer.getvalue().encode()


def _write_jsonl(frame: pl.DataFrame) -> Iterator[bytes]:
    for row in frame.iter_rows(named=True):
        yield (json.dumps(row, ensure_ascii=False) + "\n").encode()


WRITERS: dict[str, Callable[[pl.DataFrame], Iterator[bytes]]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
}
