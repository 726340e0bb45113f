"""The items as Parquet with their image paths, one file per task family and part of the dataset.

The columns of an item are defined in `eemo_pipeline/schema/`.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.stages.exports.consumer_rules import as_seen
from eemo_pipeline.stages.exports.formats import (
    Exporter,
    PublishedFile,
    Tables,
    parquet_bytes,
    publish_splits,
)


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    return [
        *publish_splits("qa", tables.qa, parquet_bytes, folder, "qa_{}.parquet"),
        *publish_splits(
            "assess", tables.assess.drop("options"), parquet_bytes, folder, "assess_{}.parquet"
        ),
    ]


def _read(path: Path) -> pl.DataFrame:
    return as_seen(pl.read_parquet(path, glob=False, hive_partitioning=False))


EXPORTER = Exporter("parquet", _write, _read)
