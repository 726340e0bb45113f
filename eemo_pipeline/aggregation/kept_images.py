"""Annotations of dropped near-duplicates follow to the image that is kept for them."""

import polars as pl


def move_to_kept(rows: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in their order, with the kept image in place of a dropped one.

    Args:
        rows: any table with `image_id`.
        clusters: `dedup__clusters`.
    """
    dropped = clusters.filter(~pl.col("is_kept")).select("image_id", "kept_image_id")
    return (
        rows.join(dropped, on="image_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("kept_image_id", "image_id").alias("image_id"))
        .drop("kept_image_id")
    )
