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


def prefer_reviews(labels: pl.DataFrame, reviews: pl.DataFrame) -> pl.DataFrame:
    """Return labels of images, with those of the review tool before those of a source.

    Both are of people. In the review tool they judged blind and in this wording, so of an image
    with both, its source's labels in the Mikels taxonomy are left out.

    Args:
        labels: rows of `labels__emotions`.
        reviews: rows of `labels__reviews`.

    Returns:
        image_id, taxonomy, emotion and mass.
    """
    columns = ("image_id", "taxonomy", "emotion", "mass")
    mikels = pl.lit("mikels8").alias("taxonomy")
    is_judged = pl.col("image_id").is_in(reviews["image_id"].unique().to_list())
    kept = labels.filter(~is_judged | (pl.col("taxonomy") != "mikels8")).select(columns)
    judged = reviews.filter(pl.col("mass") > 0).with_columns(mikels).select(columns)
    return pl.concat([kept, judged]).sort("image_id", "taxonomy", "emotion")
