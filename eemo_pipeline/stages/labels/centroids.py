"""The position of each emotion in valence-arousal-dominance space: `labels__centroids`.

Compares the means over our images with the published anchors of `emotion/vad.py`.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.emotion.vad import PUBLISHED_CENTROIDS
from eemo_pipeline.schema.tables import TABLES

_DIMENSIONS = ("valence", "arousal", "dominance")


def build_centroids(labels__emotions: pl.DataFrame, labels__vad: pl.DataFrame) -> pl.DataFrame:
    """One row per Ekman emotion: mean rating of the images in which it is strictly first.

    An image rated by several sources counts once, with their unweighted mean. `image_count` is the
    number of images with a rating; an emotion without any has null coordinates.

    Returns:
        A frame of `labels__centroids`, always seven rows.
    """
    first = (
        labels__emotions.filter(pl.col("taxonomy") == "ekman7")
        .filter(pl.col("mass") == pl.col("mass").max().over("image_id"))
        .filter(pl.len().over("image_id") == 1)
        .select("image_id", "emotion")
    )
    rated = (
        labels__vad.filter(pl.col("origin").str.starts_with("rated:"))
        .sort("image_id", "origin")
        .group_by("image_id", maintain_order=True)
        .agg(pl.col(*_DIMENSIONS).mean())
    )
    means = (
        first.join(rated, on="image_id")
        .sort("image_id")
        .group_by("emotion", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("image_count"), pl.col(*_DIMENSIONS).mean().round(6))
    )
    published = pl.DataFrame(
        [(emotion, *PUBLISHED_CENTROIDS.get(emotion, (None, None, None))) for emotion in EKMAN_7],
        schema={"emotion": pl.String} | {f"published_{name}": pl.Float64 for name in _DIMENSIONS},
        orient="row",
    )
    return (
        published.join(means, on="emotion", how="left")
        .with_columns(pl.col("image_count").fill_null(0))
        .select(TABLES["labels__centroids"].columns)
        .sort("emotion")
    )
