"""The choice of scores for the V-A-D task: human ratings first, balanced with lexicon scores.

The published rule (EEmoDB, appendix C.7): human ratings are taken, then scores from comments in
descending number of lexicon words, until the histogram is flat.
"""

import polars as pl

_DIMENSIONS = ("valence", "arousal", "dominance")


def choose_scores(pictures: pl.DataFrame, vad: pl.DataFrame, bins: int) -> pl.DataFrame:
    """Return one row per image and dimension with a score, and whether it is selected.

    An image's score is the human rating if it has one: evoked before apparent, more raters before
    fewer, then by name. Otherwise it is the lexicon's. Every rated score is kept. Lexicon scores
    then fill each bin up to the size of the fullest bin of ratings, those from most words first,
    then by image_id. A dimension without ratings is filled up to the median size of its non-empty
    bins.

    Args:
        pictures: image_id and split.
        vad: rows of `labels__vad`.
        bins: number of equal parts of 0-1.

    Returns:
        image_id, split, dimension, target (0-1), source, is_selected and reason (bin_full).
    """
    best = _best_scores(pictures, vad).with_columns(
        score_bin(pl.col("target"), bins).alias("bin"),
    )
    sizes = best.group_by("dimension", "bin").agg(
        pl.col("is_rated").sum().alias("rated"), pl.len().alias("available")
    )
    heights = sizes.group_by("dimension").agg(
        pl.when(pl.col("rated").max() > 0)
        .then(pl.col("rated").max())
        .otherwise(pl.col("available").median().ceil())
        .alias("height")
    )
    place = pl.int_range(pl.len()).over("dimension", "bin")
    return (
        best.join(heights, on="dimension")
        .sort(
            ["dimension", "bin", "is_rated", "lexicon_word_count", "image_id"],
            descending=[False, False, True, True, False],
            nulls_last=True,
        )
        .with_columns((pl.col("is_rated") | (place < pl.col("height"))).alias("is_selected"))
        .with_columns(pl.when(~pl.col("is_selected")).then(pl.lit("bin_full")).alias("reason"))
        .select("image_id", "split", "dimension", "target", "source", "is_selected", "reason")
        .sort("image_id", "dimension")
    )


def score_bin(score: pl.Expr, bins: int) -> pl.Expr:
    """Return the bin of a 0-1 score as text, such as "0.30-0.40"; 1 belongs to the last bin."""
    number = (score * bins).floor().clip(0, bins - 1).cast(pl.Int64)
    edges = [f"{place / bins:.2f}-{(place + 1) / bins:.2f}" for place in range(bins)]
    return number.replace_strict(list(range(bins)), edges, return_dtype=pl.String)


def _best_scores(pictures: pl.DataFrame, vad: pl.DataFrame) -> pl.DataFrame:
    index = [
        "image_id",
        "source",
        "origin",
        "is_rated",
        "is_evoked",
        "rater_count",
        "lexicon_word_count",
    ]
    return (
        vad.with_columns(
            pl.col("origin").str.starts_with("rated:").alias("is_rated"),
            (pl.col("semantics") == "evoked").alias("is_evoked"),
            pl.col("rater_count").fill_null(1),
        )
        .unpivot(on=list(_DIMENSIONS), index=index, variable_name="dimension", value_name="target")
        .drop_nulls("target")
        .sort(
            ["image_id", "dimension", "is_rated", "is_evoked", "rater_count", "origin"],
            descending=[False, False, True, True, True, False],
        )
        .unique(["image_id", "dimension"], keep="first", maintain_order=True)
        .join(pictures.select("image_id", "split"), on="image_id")
    )
