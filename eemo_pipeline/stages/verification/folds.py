"""Human labels, and the folds of cross-fitting, by which no label affects its own image."""

import polars as pl

from eemo_pipeline.aggregation.calibration import FOLDS
from eemo_pipeline.stats.hash_draws import draw


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


def assign_folds(images: pl.DataFrame, human: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, cluster_fold and fold, in key order.

    `cluster_fold`, 1 to 5, follows from the hash of the cluster's name. `fold` equals it for images
    in a cluster with a human label. It is 0 for all others: a model fitted on all labels may judge
    them.

    Args:
        images: rows of `dedup__images`.
        human: the result of `find_human_labels`.
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
