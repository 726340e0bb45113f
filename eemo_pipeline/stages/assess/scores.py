"""The choice of scores for the V-A-D task: human ratings first, balanced with lexicon scores.

The published rule (EEmoDB, appendix C.7): human ratings are taken, then scores from comments in
descending number of lexicon words, until the histogram is flat. The published height of that
histogram is lost; ours is a multiple of the median bin.
"""

import polars as pl

from eemo_pipeline.stats.hash_draws import draw

_DIMENSIONS = ("valence", "arousal", "dominance")


def choose_scores(
    pictures: pl.DataFrame, vad: pl.DataFrame, bins: int, bin_cap: float, seed: str
) -> pl.DataFrame:
    """Return one row per image and dimension with a score, and whether it is selected.

    An image's score is the human rating if it has one: evoked before apparent, more raters before
    fewer, then by name. Otherwise it is the lexicon's. No bin of a dimension keeps more scores than
    `bin_cap` times the median number of ratings in the bins that have any; of all scores where
    nobody rated the dimension. Within a bin ratings come first, evoked before apparent, in the
    order of a seeded draw; then lexicon scores, those from most words first.

    Args:
        pictures: image_id and split.
        vad: rows of `labels__vad`.
        bins: number of equal parts of 0-1.
        bin_cap: multiple of the median bin; at 1, half of the bins that have ratings are full.
        seed: the seed of the draw.

    Returns:
        image_id, split, semantics, dimension, target (0-1), source, cap, is_selected and reason
        (bin_full).
    """
    best = _best_scores(pictures, vad).with_columns(
        score_bin(pl.col("target"), bins).alias("bin"),
    )
    sizes = best.group_by("dimension", "bin").agg(
        pl.col("is_rated").sum().alias("rated"), pl.len().alias("available")
    )
    rated = pl.col("rated").filter(pl.col("rated") > 0)
    caps = sizes.group_by("dimension").agg(
        (bin_cap * pl.coalesce(rated.median(), pl.col("available").median()))
        .ceil()
        .cast(pl.Int64)
        .alias("cap")
    )
    place = pl.int_range(pl.len()).over("dimension", "bin")
    return (
        best.join(caps, on="dimension")
        .with_columns(draw(pl.col("image_id"), f"{seed}:bins").alias("drawn"))
        .sort(
            [
                *("dimension", "bin", "is_rated", "is_evoked", "lexicon_word_count"),
                *("drawn", "image_id"),
            ],
            descending=[False, False, True, True, True, False, False],
            nulls_last=True,
        )
        .with_columns((place < pl.col("cap")).alias("is_selected"))
        .with_columns(pl.when(~pl.col("is_selected")).then(pl.lit("bin_full")).alias("reason"))
        .select(
            *("image_id", "split", "semantics", "dimension", "target", "source"),
            *("cap", "is_selected", "reason"),
        )
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
        "semantics",
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
