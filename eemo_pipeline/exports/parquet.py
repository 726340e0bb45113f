"""The items as Parquet, one file per task family and part of the dataset.

Belongs here: file names and the image paths beside each item. Does not belong here: what an item
is (`schema/`).
"""

from io import BytesIO
from pathlib import Path

import polars as pl

from eemo_pipeline.exports import (
    Exporter,
    PublishedFile,
    Tables,
    image_paths,
    publish_splits,
)


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    paths = image_paths(tables.images)
    positions = (
        tables.qa.select("item_id", "image_ids")
        .explode("image_ids")
        .join(paths, left_on="image_ids", right_on="image_id", how="left", maintain_order="left")
        .group_by("item_id", maintain_order=True)
        .agg(pl.col("image").alias("images"))
    )
    qa = tables.qa.join(positions, on="item_id", how="left", maintain_order="left")
    assess = tables.assess.join(paths, on="image_id", how="left", maintain_order="left")
    return [
        *publish_splits(qa, _encode, folder, "qa_{}.parquet"),
        *publish_splits(assess, _encode, folder, "assess_{}.parquet"),
    ]


def _encode(rows: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    rows.write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getvalue()


EXPORTER = Exporter("parquet", _write)
