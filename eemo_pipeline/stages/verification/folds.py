"""The folds of cross-fitting, by which no label affects its own image."""

import polars as pl

from eemo_pipeline.aggregation.calibration import FOLDS
from eemo_pipeline.stats.hash_draws import draw


def assign_folds(images: pl.DataFrame, human: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, cluster_fold and fold, in key order.

    `cluster_fold`, 1 to 5, follows from the hash of the cluster's name. `fold` equals it for images
    in a cluster with a human label. It is 0 for all others: a model fitted on all labels may judge
    them.

    Args:
        images: rows of `dedup__images`.
        human: the result of `aggregation/human_labels.py`.
    """
    clusters = images.select("cluster_id").unique().sort("cluster_id")
    folds = clusters.with_columns(
        (draw(pl.col("cluster_id"), "verification fold") * FOLDS + 1)
        .cast(pl.Int64)
        .alias("cluster_fold")
    )
    is_labelled = pl.col("image_id").is_in(human["image_id"].implode())
    return (
        images.select("image_id", "cluster_id")
        .join(folds, on="cluster_id", how="left")
        .select(
            "image_id",
            "cluster_fold",
            pl.when(is_labelled.any().over("cluster_id"))
            .then("cluster_fold")
            .otherwise(0)
            .alias("fold"),
        )
        .sort("image_id")
    )
