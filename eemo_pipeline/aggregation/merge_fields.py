"""Merges the numbers besides the emotion: confidence, intensity and distribution.

The emotion itself is decided in `agreement_patterns.py`, `calibration.py` and `critic_choices.py`,
the words in `word_agreement.py`.
"""

import polars as pl

from eemo_pipeline.aggregation.rounding import round_shares
from eemo_pipeline.emotion.taxonomies import MIKELS_8


def weighted_voices(
    votes: pl.DataFrame, verifier: pl.DataFrame, outcome: pl.DataFrame, weights: pl.DataFrame
) -> pl.DataFrame:
    """Return one row per image and voter: emotion, clarity, intensity, weight, certainty, is_for.

    `weights` has image_id and the verifier's weight; an annotator's weight is 1.
    """
    rest = verifier.select("image_id", pl.col("distribution").alias("_rest"))
    certainty = pl.col("clarity") / 10
    annotators = votes.select(
        "image_id",
        "emotion",
        "clarity",
        "intensity",
        pl.lit(value=False).alias("_is_verifier"),
        certainty.fill_null(1.0).alias("_certainty"),
        pl.col("annotator").alias("_voice"),
    )
    # The verifier's distribution is its vote: with certainty 0, all its weight goes to it.
    trusted = verifier.select(
        "image_id",
        "emotion",
        "clarity",
        pl.col("clarity").alias("intensity"),
        pl.lit(value=True).alias("_is_verifier"),
        pl.when(pl.col("distribution").is_null())
        .then(pl.col("probability").fill_null(1.0))
        .otherwise(0.0)
        .alias("_certainty"),
        pl.lit("").alias("_voice"),
    )
    decided = outcome.filter(pl.col("pattern") != "none").select(
        "image_id", "pattern", pl.col("emotion").alias("_final")
    )
    return (
        pl.concat([annotators, trusted])
        .join(decided, on="image_id", how="inner")
        .join(rest, on="image_id", how="left")
        .join(weights, on="image_id", how="left")
        .sort("image_id", "_is_verifier", "_voice")
        .with_columns(
            pl.when("_is_verifier")
            .then(pl.col("weight").fill_null(1.0))
            .otherwise(1.0)
            .alias("_weight"),
            (pl.col("emotion") == pl.col("_final")).alias("_is_for"),
        )
    )


def confidences(voices: pl.DataFrame) -> pl.DataFrame:
    """Return image_id and the weighted clarity of the votes for the emotion over the total weight.

    From 1 to 10; dissent lowers it. The verifier's clarity is ten times its probability, rounded;
    as in EmoVerse's release, the same number serves as its intensity.
    """
    heard = pl.col("_weight") * pl.col("clarity") * pl.col("_is_for")
    return (
        voices.drop_nulls("clarity")
        .group_by("image_id", maintain_order=True)
        .agg((heard.sum() / pl.col("_weight").sum()).clip(1, 10).round(6).alias("confidence"))
    )


def clarity_gaps(voices: pl.DataFrame, agrees_within: int = 2) -> pl.DataFrame:
    """Return image_id and whether the votes for the emotion differ by more than that in clarity."""
    clarity = pl.col("clarity").filter("_is_for")
    gap = (clarity.max() - clarity.min()).fill_null(0)
    return voices.group_by("image_id", maintain_order=True).agg(
        (gap > agrees_within).alias("is_clarity_contested")
    )


def intensities(voices: pl.DataFrame) -> pl.DataFrame:
    """Return the lower weighted median: the least value with half of the weight at or below it."""
    weight = pl.col("_weight")
    return (
        voices.filter(pl.col("_is_for") & pl.col("intensity").is_not_null())
        .sort("image_id", "intensity")
        .filter(2 * weight.cum_sum().over("image_id") >= weight.sum().over("image_id"))
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", "intensity")
    )


def distributions(voices: pl.DataFrame, beliefs: pl.DataFrame) -> pl.DataFrame:
    """Return image_id and the probability of each emotion, 6 decimals, summing to 1.

    Where the pattern table chooses a voter, every named label has the table's probability and the
    remainder follows the verifier's distribution. Elsewhere each vote puts clarity / 10 of its
    weight on its emotion and the remainder on the verifier's distribution, or evenly where there is
    none; a vote without clarity puts all its weight on its emotion.

    Args:
        voices: the result of `weighted_voices`.
        beliefs: image_id, emotion, probability, of images covered by the pattern table.
    """
    sure = pl.col("_certainty")
    votes = [
        (pl.col("_weight") * (sure * (pl.col("emotion") == emotion) + (1 - sure) * _rest(place)))
        .sum()
        .alias(emotion)
        for place, emotion in enumerate(MIKELS_8)
    ]
    plain = voices.join(beliefs, on="image_id", how="anti")
    mass = plain.group_by("image_id", maintain_order=True).agg(votes)
    believed = [
        (pl.col("probability") * (pl.col("emotion") == emotion)).sum().alias(emotion)
        for emotion in MIKELS_8
    ]
    rest = voices.unique("image_id", keep="first", maintain_order=True).select("image_id", "_rest")
    calibrated = (
        beliefs.sort("image_id", "emotion")
        .group_by("image_id", maintain_order=True)
        .agg(believed)
        .join(rest, on="image_id", how="inner", maintain_order="left")
        .with_columns((1 - pl.sum_horizontal(MIKELS_8)).clip(0).alias("_left"))
        .with_columns(
            (pl.col(emotion) + pl.col("_left") * _rest(place)).alias(emotion)
            for place, emotion in enumerate(MIKELS_8)
        )
        .select(mass.columns)
    )
    both = pl.concat([mass, calibrated])
    shares = round_shares(both.select(MIKELS_8).to_numpy())
    return both.select(
        "image_id", pl.Series("distribution", shares.tolist(), dtype=pl.List(pl.Float64))
    )


def _rest(place: int) -> pl.Expr:
    return pl.col("_rest").list.get(place).fill_null(1 / len(MIKELS_8))
