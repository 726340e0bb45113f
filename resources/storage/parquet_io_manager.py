"""The IO manager: maps assets to Parquet files and adds the metadata of written tables.

The files are read and written by `eemo_pipeline/lake/parquet.py`.
https://docs.dagster.io/guides/build/io-managers
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import Written, scan_table, table_path, write_batches, write_table
from eemo_pipeline.rendering.plots import draw_counts, preview_rows
from eemo_pipeline.schema.tables import TABLES, Table

_PREVIEWED = 20


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
        if isinstance(obj, Iterator):
            file = write_batches(obj, table, table_path(tables, table), attempt)
            context.add_output_metadata(_describe(table, scan_table(tables, table.name), [file]))
            return
        frame = obj.collect() if isinstance(obj, pl.LazyFrame) else obj
        if table.is_partitioned:
            files = [
                write_table(
                    frame.filter(pl.col("source") == source),
                    table,
                    table_path(tables, table, source),
                    attempt,
                )
                for source in sorted(context.asset_partition_keys)
            ]
        else:
            files = [write_table(frame, table, table_path(tables, table), attempt)]
        context.add_output_metadata(_describe(table, frame.lazy(), files))

    def load_input(self, context: dg.InputContext) -> pl.DataFrame | pl.LazyFrame:
        """Scan the table; collect it unless the input is annotated as a LazyFrame."""
        partitions = sorted(context.asset_partition_keys) if context.has_asset_partitions else None
        scan = scan_table(self.data_root.tables, context.asset_key.to_user_string(), partitions)
        return scan if context.dagster_type.typing_type is pl.LazyFrame else scan.collect()


def _describe(table: Table, frame: pl.LazyFrame, files: list[Written]) -> dict[str, Any]:
    rows = sum(file.rows for file in files)
    metadata: dict[str, Any] = {
        "dagster/row_count": rows,
        "rows": rows,
        "size_bytes": sum(file.size_bytes for file in files),
        "sha256": ", ".join(file.sha256 for file in files),
        "files_changed": sum(file.is_changed for file in files),
        "path": dg.MetadataValue.path(
            str(files[0].path if len(files) == 1 else files[0].path.parent)
        ),
        "preview": dg.MetadataValue.md(preview_rows(frame.head(_PREVIEWED).collect())),
    }
    if table.plotted and rows:
        values = frame.select(table.plotted).collect().to_series()
        title = f"{table.name} by {table.plotted}"
        metadata["plot"] = dg.MetadataValue.md(draw_counts(values, title))
    return metadata
