"""The IO manager: maps assets to Parquet files and adds the metadata of written tables.

The files are read and written by `eemo_pipeline/lake/parquet.py`. What people changed by hand
(`eemo_pipeline/lake/edits.py`) is put into a table whenever it is written.
https://docs.dagster.io/guides/build/io-managers
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.edits import Edit, apply_edits, read_edits
from eemo_pipeline.lake.parquet import Written, scan_table, table_path, write_batches, write_table
from eemo_pipeline.rendering.plots import draw_counts, preview_rows
from eemo_pipeline.schema.tables import TABLES, Table

_PREVIEWED = 20
# Counts of `assets/_results.py` -> how the log says them.
_TOLD = {
    "rows_in": "rows in: {:,}",
    "rows_refused": "refused: {:,}",
    "computed": "answers computed: {:,}",
    "reused": "found in the ledger: {:,}",
    "calls": "calls: {:,}",
    "usd": "cost: {:.4f} USD",
}


class ParquetTables(dg.ConfigurableIOManager):
    """Stores each asset as the Parquet table of the same name; loads it as a lazy scan."""

    data_root: dg.ResourceDependency[DataRoot]

    def handle_output(
        self, context: dg.OutputContext, obj: pl.DataFrame | pl.LazyFrame | Iterator[pl.DataFrame]
    ) -> None:
        """Write the table; a partitioned table has one file per source.

        An iterator of frames, whose concatenation must be in key order, is written frame by frame.
        """
        table = TABLES[context.asset_key.to_user_string()]
        attempt = f"{context.run_id[:8]}-{context.step_context.previous_attempt_count}"
        tables = self.data_root.tables
        edits = _Edits(table, read_edits(self.data_root.gate, table.name))
        if isinstance(obj, Iterator):
            batches = (edits.put_into(batch) for batch in obj)
            file = write_batches(batches, table, table_path(tables, table), attempt)
            context.add_output_metadata(edits.describe())
            context.log.info(_say_written(table.name, [file], context.output_metadata))
            context.add_output_metadata(_describe(table, scan_table(tables, table.name), file))
            return
        frame = edits.put_into(obj.collect() if isinstance(obj, pl.LazyFrame) else obj)
        context.add_output_metadata(edits.describe())
        if not table.is_partitioned:
            file = write_table(frame, table, table_path(tables, table), attempt)
            context.log.info(_say_written(table.name, [file], context.output_metadata))
            context.add_output_metadata(_describe(table, frame.lazy(), file))
            return
        files: list[Written] = []
        for source in sorted(context.asset_partition_keys):
            part = frame.filter(pl.col("source") == source)
            file = write_table(part, table, table_path(tables, table, source), attempt)
            files.append(file)
            # The metadata of an output would stand at every partition of the run.
            context.step_context.add_asset_metadata(
                _describe(table, part.lazy(), file), context.asset_key, source
            )
        context.log.info(_say_written(table.name, files, context.output_metadata))

    def load_input(self, context: dg.InputContext) -> pl.DataFrame | pl.LazyFrame:
        """Scan the table; collect it unless the input is annotated as a LazyFrame."""
        partitions = sorted(context.asset_partition_keys) if context.has_asset_partitions else None
        scan = scan_table(self.data_root.tables, context.asset_key.to_user_string(), partitions)
        return scan if context.dagster_type.typing_type is pl.LazyFrame else scan.collect()


class _Edits:
    """Puts the edits of a table into what is written of it, and counts them."""

    def __init__(self, table: Table, edits: list[Edit]) -> None:
        self._table = table
        self._edits = edits
        self._changed = self._waiting = 0

    def put_into(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with the edits."""
        applied = apply_edits(frame, self._table, self._edits)
        self._changed += applied.changed
        self._waiting += applied.waiting
        return applied.frame

    def describe(self) -> dict[str, int]:
        """Return metadata; nothing for a table that nobody edited."""
        if not self._edits:
            return {}
        return {"edits_applied": self._changed, "edits_waiting": self._waiting}


def _say_written(table: str, files: Sequence[Written], counts: Mapping[str, Any]) -> str:
    """Return what was written: rows, rows refused, answers made and found, and what they cost."""
    rows = sum(file.rows for file in files)
    changed = sum(file.is_changed for file in files)
    parts = [f"{table}: {rows:,} row{'s' * (rows != 1)}"]
    for name, words in _TOLD.items():
        if count := getattr(counts.get(name), "value", counts.get(name)):
            parts.append(words.format(count))
    if len(files) > 1:
        parts.append(f"{changed} of {len(files)} files changed")
    else:
        parts.append("file changed" if changed else "file unchanged")
    return ", ".join(parts)


def _describe(table: Table, frame: pl.LazyFrame, file: Written) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "dagster/row_count": file.rows,
        "rows": file.rows,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "files_changed": int(file.is_changed),
        "path": dg.MetadataValue.path(str(file.path)),
        "preview": dg.MetadataValue.md(preview_rows(frame.head(_PREVIEWED).collect())),
    }
    if table.plotted and file.rows:
        values = frame.select(table.plotted).collect().to_series()
        title = f"{table.name} by {table.plotted}"
        metadata["plot"] = dg.MetadataValue.md(draw_counts(values, title))
    return metadata
