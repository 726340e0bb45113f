"""The one emotion on which people agree, per image; weights of models are measured on it."""

import polars as pl


def find_human_labels(labels: pl.DataFrame) -> pl.DataFrame:
    """Return image_id and the Mikels emotion with the largest mass; images with a tie are left out.

    Args:
        labels: rows of `labels__emotions`.
    """
    mass = labels.filter((pl.col("taxonomy") == "mikels8") & (pl.col("mass") > 0))
    is_largest = pl.col("mass") == pl.col("mass").max().over("image_id")
    return (
        mass.filter(is_largest)
        .filter(pl.len().over("image_id") == 1)
        .select("image_id", "emotion")
        .sort("image_id")
    )
