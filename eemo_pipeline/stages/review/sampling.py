"""Which images people are asked about: draws by hash, each image with its probability to be drawn.

The draws are independent of one another, so the probability that an image is asked about at all
follows from them. Its inverse weights rates of the judged images back to all images (Horvitz and
Thompson 1952).
"""

from collections.abc import Collection

import numpy as np
import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stats.hash_draws import draw, unit_interval

AUDIT_SHARE = 0.3  # of all images
STRATIFIED = 385  # images of the stratified inspection: an interval of 3 points around 90 %
STRATIFIED_SHARE = 0.15  # of all images, at most
RARE_SHARE = 0.1  # of all images
GOLD_SHARE = 0.05  # of all tasks
# Of people who named an emotion elsewhere, for an image whose answers are known.
GOLD_RATERS, GOLD_MASS = 8, 0.8
_CONTESTED_WEIGHT = 3.0  # images of a contested stratum count as so many in the allocation
# Of an image's fields, the first of these that any has is the verdict of its record.
_VERDICTS = ("discarded", "unjudged", "revisable", "valid")


def is_audited() -> pl.Expr:
    """Whether an image is in the uniform audit; its id alone decides."""
    return draw(pl.col("image_id"), "audit") < AUDIT_SHARE


def draw_strata(
    images: pl.DataFrame, decisions: pl.DataFrame, verdicts: pl.DataFrame, drawn: int
) -> pl.DataFrame:
    """Return image_id, inspected_stratum, stratified_share and is_stratified of every image.

    A stratum is a source, an agreement pattern, the machines' emotion and the critic's verdict. An
    image of a contested pattern is drawn with three times the probability of another; a verdict
    changes no probability. Of each stratum as many images are drawn as expected, rounded at random
    by a hash of its name, so that small strata count as they should on average.

    Args:
        images: rows of `dedup__images`.
        decisions: rows of `verification__decisions`.
        verdicts: rows of `critic__verdicts`.
        drawn: expected number of images.
    """
    joined = (
        images.select("image_id", "source")
        .join(
            decisions.select("image_id", "pattern", "emotion", "is_contested"),
            on="image_id",
            how="left",
        )
        .join(roll_up_verdicts(verdicts), on="image_id", how="left")
        .with_columns(
            pl.concat_str(
                "source",
                pl.col("pattern").fill_null("none"),
                pl.col("emotion").fill_null("none"),
                pl.col("record_verdict").fill_null("none"),
                separator="/",
            ).alias("inspected_stratum"),
            pl.when(pl.col("is_contested").fill_null(value=True))
            .then(_CONTESTED_WEIGHT)
            .otherwise(1.0)
            .alias("weight"),
            draw(pl.col("image_id"), "stratified").alias("place"),
        )
        .sort("image_id")
    )
    shares = _scale(joined["weight"].to_numpy(), drawn)
    stratum = ["inspected_stratum", "weight"]
    expected = pl.col("stratified_share").sum().over(stratum)
    rounded = expected.floor() + (
        draw(pl.col("inspected_stratum"), "rounding") < expected - expected.floor() - 1e-9
    ).cast(pl.Float64)
    return joined.with_columns(pl.Series("stratified_share", shares, dtype=pl.Float64)).select(
        "image_id",
        "inspected_stratum",
        "stratified_share",
        (pl.col("place").rank("ordinal").over(stratum) <= rounded + 1e-9).alias("is_stratified"),
    )


def roll_up_verdicts(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return image_id and record_verdict: the worst verdict of any field in the last round.

    Args:
        verdicts: rows of `critic__verdicts`.
    """
    ranks = {verdict: rank for rank, verdict in enumerate(_VERDICTS)}
    worst = pl.col("verdict").replace_strict(ranks, return_dtype=pl.Int64).min()
    return (
        verdicts.filter(pl.col("round") == pl.col("round").max().over("image_id"))
        .group_by("image_id")
        .agg(
            worst.replace_strict(dict(enumerate(_VERDICTS)), return_dtype=pl.String).alias(
                "record_verdict"
            )
        )
    )


def stratified_size(images: int) -> int:
    """Return how many images the stratified inspection is to draw."""
    return min(STRATIFIED, round(STRATIFIED_SHARE * images))


def sample_images(
    images: pl.DataFrame,
    decisions: pl.DataFrame,
    verdicts: pl.DataFrame,
    disputed: Collection[str],
    labels: pl.DataFrame,
    stops: pl.DataFrame,
) -> pl.DataFrame:
    """Return how each image was drawn: one row per image, sorted by image_id.

    - is_audited: in the uniform audit.
    - is_stratified: in the stratified inspection.
    - is_rare: drawn for an emotion that is rare by the machines' scores. The probability is the sum
      of the scores of each emotion by the expected number of its images, so that every emotion is
      expected equally often; an emotion that people found often enough adds nothing.
    - gold_distribution: what people elsewhere named, where they were eight or more and at least 0.8
      of their mass is on one emotion; in the order of the Mikels emotions, the rest is lost.
    - is_gold: drawn among these, as many as a twentieth of all tasks.
    - asked_share: probability that people are asked about the image by any of the draws; 1 where it
      is in dispute.

    Args:
        images: rows of `dedup__images`.
        decisions: rows of `verification__decisions`.
        verdicts: rows of `critic__verdicts`.
        disputed: images of `critic__queue`.
        labels: rows of `labels__emotions`.
        stops: rows of `records__class_stops`.
    """
    strata = draw_strata(images, decisions, verdicts, stratified_size(images.height))
    rare = _draw_rare(images["image_id"].sort(), decisions, stops)
    sampled = (
        strata.drop("inspected_stratum")
        .join(rare, on="image_id")
        .join(_find_gold(labels), on="image_id", how="left")
        .with_columns(
            is_audited().alias("is_audited"),
            pl.col("image_id").is_in(list(disputed)).alias("is_disputed"),
        )
        .sort("image_id")
    )
    asked = pl.any_horizontal("is_audited", "is_stratified", "is_rare", "is_disputed")
    has_gold = pl.col("gold_distribution").is_not_null()
    eligible = sampled.filter(has_gold).height
    share = min(1.0, GOLD_SHARE * sampled.filter(asked).height / eligible) if eligible else 0.0
    gold_share = pl.when(has_gold).then(share).otherwise(0.0)
    missed = (
        (1 - AUDIT_SHARE)
        * (1 - pl.col("stratified_share"))
        * (1 - pl.col("rare_share"))
        * (1 - gold_share)
    )
    return sampled.with_columns(
        (has_gold & (draw(pl.col("image_id"), "gold") < share)).alias("is_gold"),
        pl.when("is_disputed").then(1.0).otherwise((1 - missed).round(6)).alias("asked_share"),
    )


def score_emotions(ids: pl.Series, decisions: pl.DataFrame) -> np.ndarray:
    """Return images x Mikels emotions: the mean of the machines' decision and their distribution.

    Without a distribution it is the decision alone; 0 where nothing was decided.

    Args:
        ids: image ids.
        decisions: rows of `verification__decisions`.
    """
    named = [
        (pl.col("emotion") == name).fill_null(value=False).cast(pl.Float64) for name in MIKELS_8
    ]
    found = (
        ids.to_frame("image_id")
        .join(
            decisions.select("image_id", "emotion", "distribution"),
            on="image_id",
            how="left",
            maintain_order="left",
        )
        .select(
            ((one + pl.col("distribution").list.get(place).fill_null(one)) / 2).alias(name)
            for place, (name, one) in enumerate(zip(MIKELS_8, named, strict=True))
        )
    )
    return found.to_numpy()


def _draw_rare(ids: pl.Series, decisions: pl.DataFrame, stops: pl.DataFrame) -> pl.DataFrame:
    scores = score_emotions(ids, decisions)
    stopped = set(stops.filter("is_stopped")["emotion"])
    is_open = np.array([name not in stopped for name in MIKELS_8], dtype=float)
    expected = scores.sum(axis=0)
    need = np.divide(is_open, expected, out=np.zeros(len(MIKELS_8)), where=expected > 0)
    shares = _scale(scores @ need, RARE_SHARE * len(ids)).round(6)
    drawn = [unit_interval("rare", name) for name in ids]
    return pl.DataFrame(
        {"image_id": ids, "rare_share": shares, "is_rare": np.array(drawn) < shares},
        schema={"image_id": pl.String, "rare_share": pl.Float64, "is_rare": pl.Boolean},
    )


def _scale(weights: np.ndarray, size: float) -> np.ndarray:
    """Return probabilities that are proportional to the weights, 1 at most, and sum to a size."""
    shares = np.zeros(len(weights))
    is_free = weights > 0
    left = min(float(size), float(is_free.sum()))
    while is_free.any() and left > 0:
        shares[is_free] = weights[is_free] * left / weights[is_free].sum()
        is_over = is_free & (shares > 1)
        if not is_over.any():
            break
        shares[is_over] = 1.0
        left -= int(is_over.sum())
        is_free &= ~is_over
    return shares


def _find_gold(labels: pl.DataFrame) -> pl.DataFrame:
    """Return image_id and gold_distribution of the images whose answers are known."""
    masses = [
        pl.col("mass").filter(pl.col("emotion") == name).sum().round(6).alias(name)
        for name in MIKELS_8
    ]
    return (
        labels.filter(
            (pl.col("taxonomy") == "mikels8")
            & (pl.col("semantics") == "evoked")
            & (pl.col("rater_count") >= GOLD_RATERS)
        )
        .group_by("image_id")
        .agg(masses)
        .filter(pl.max_horizontal(MIKELS_8) >= GOLD_MASS)
        .select("image_id", pl.concat_list(MIKELS_8).alias("gold_distribution"))
    )
