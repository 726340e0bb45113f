"""Valence, arousal and dominance of images on one scale: `labels__vad`.

Aggregates ratings over annotations and marks the preferred row of an image. Normalisation, levels
and anchors are in `emotion/vad.py`, values from the words of comments in `lexicon.py`.

Rules
- One row per image and source that rates it, and one per source whose comments hold words of the
  lexicon. Values of different sources are never averaged.
- Each image has one preferred row (`is_best`): ratings over lexicon values, then evoked over
  apparent, then more words or raters over fewer, then by name.
- Evoked ratings are preferred over apparent ones within a source.
- A mean over annotations is weighted by rater count if every annotation has one, and unweighted
  otherwise.
- The spread is the native one of a single aggregate. Over several aggregates it is pooled by the
  law of total variance; over single raters it is the sample standard deviation. A mixture of
  aggregates and single raters has none.
"""

import polars as pl

from eemo_pipeline.emotion.vad import Scaling, normalised_ratings
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.labels.lexicon import LexiconRules, score_comments

_DIMENSIONS = ("valence", "arousal", "dominance")
_GROUP = ("image_id", "source")


def build_vad(
    dedup__images: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    ingest__words: pl.DataFrame,
    rules: LexiconRules,
    scaling: Scaling = "tenth",
) -> pl.DataFrame:
    """One row per kept image and origin of its values, each dimension in 0-1 or null.

    Args:
        dedup__images: the kept images.
        ingest__annotations: ratings and comments, moved to the kept images.
        ingest__words: lexicons.
        rules: how comments are scored, with the scaling of the lexicon.
        scaling: the scaling of ratings; each row's `rule` says what came of it.

    Returns:
        A frame of `labels__vad`; `origin` is `rated:<source>` or `lexicon:<source>`.
    """
    kept = ingest__annotations.join(dedup__images.select("image_id"), on="image_id", how="semi")
    felt = kept.filter(pl.col("semantics").is_in(["evoked", "apparent"]))
    is_evoked = pl.col("semantics") == "evoked"
    rows = pl.concat(
        [
            rate_images(felt, scaling),
            _from_comments(score_comments(felt, ingest__words, rules), rules),
        ],
        how="diagonal",
    )
    best = (
        rows.sort(
            "image_id",
            pl.col("origin").str.starts_with("rated:"),
            is_evoked,
            pl.col("lexicon_word_count").fill_null(0),
            pl.col("rater_count").fill_null(0),
            "origin",
            descending=[False, True, True, True, True, False],
        )
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", "origin", pl.lit(value=True).alias("is_best"))
    )
    return (
        rows.join(best, on=["image_id", "origin"], how="left")
        .with_columns(pl.col("is_best").fill_null(value=False))
        .select(TABLES["labels__vad"].columns)
        .sort("image_id", "origin")
    )


def rate_images(annotations: pl.DataFrame, scaling: Scaling) -> pl.DataFrame:
    """Return one row per image and source that rates it, with the columns of `labels__vad`."""
    rated = _normalised(annotations, scaling)
    weight = (
        pl.when((pl.col("rater_count") > 0).fill_null(value=False).all().over(_GROUP))
        .then("rater_count")
        .otherwise(1)
        .alias("weight")
    )
    measures = [
        expression
        for name in _DIMENSIONS
        for expression in (
            _mean(name).round(6).alias(name),
            _spread(name).round(6).alias(f"{name}_sd"),
        )
    ]
    return (
        rated.with_columns(weight)
        .group_by(_GROUP, maintain_order=True)
        .agg(
            *measures,
            pl.col("semantics").first(),
            pl.when((pl.col("rater_count") > 0).fill_null(value=False).all())
            .then(pl.col("rater_count").sum())
            .alias("rater_count"),
            pl.col("rule").unique().sort().str.join("; ").alias("rule"),
        )
        .with_columns(
            (pl.lit("rated:") + pl.col("source")).alias("origin"),
            pl.lit(None, pl.String).alias("lexicon"),
            pl.lit(None, pl.Int64).alias("lexicon_word_count"),
        )
    )


def _from_comments(scored: pl.DataFrame, rules: LexiconRules) -> pl.DataFrame:
    """Return scores of comments as rows of `labels__vad`, evoked over apparent per source."""
    is_evoked = pl.col("semantics") == "evoked"
    how = f"mean of words; negated {rules.negation}; scale {rules.scaling}"
    return scored.filter(is_evoked | ~is_evoked.any().over(_GROUP)).with_columns(
        (pl.lit("lexicon:") + pl.col("source")).alias("origin"), pl.lit(how).alias("rule")
    )


def _normalised(annotations: pl.DataFrame, scaling: Scaling) -> pl.DataFrame:
    """Return rated annotations in 0-1. A rating outside its scale becomes null."""
    low, high = pl.col("scale_min"), pl.col("scale_max")
    normalised = {
        name: normalised_ratings(pl.col(f"native_{name}"), low, high, scaling)
        for name in _DIMENSIONS
    }
    values = [normalised[name].struct.field("value").alias(name) for name in _DIMENSIONS]
    # A spread is a difference: only the scale's unit matters, not its origin.
    ends = (
        normalised_ratings(end, low, high, scaling).struct.field("value") for end in (low, high)
    )
    lowest, highest = ends
    unit = (highest - lowest) / (high - low)
    spreads = [
        (pl.col(f"native_{name}_sd") * unit).alias(f"{name}_sd") for name in ("valence", "arousal")
    ]
    # no source reports a spread for dominance
    spreads.append(pl.lit(None, pl.Float64).alias("dominance_sd"))
    rule = pl.coalesce(
        pl.when(normalised[name].struct.field("value").is_not_null()).then(
            normalised[name].struct.field("rule")
        )
        for name in _DIMENSIONS
    )
    rated = (
        annotations.sort("source", "record_id", "annotation_no")
        .select(
            "image_id", "source", "semantics", "rater_count", *values, *spreads, rule.alias("rule")
        )
        .filter(pl.any_horizontal(pl.col(*_DIMENSIONS).is_not_null()))
    )
    has_evoked = (pl.col("semantics") == "evoked").any().over(_GROUP)
    return rated.filter((pl.col("semantics") == "evoked") | ~has_evoked)


def _mean(name: str) -> pl.Expr:
    weight = pl.col("weight").filter(pl.col(name).is_not_null())
    return (pl.col(name) * pl.col("weight")).sum() / pl.when(weight.sum() > 0).then(weight.sum())


def _spread(name: str) -> pl.Expr:
    value = pl.col(name).filter(pl.col(name).is_not_null())
    native = pl.col(f"{name}_sd").filter(pl.col(name).is_not_null())
    weight = pl.col("weight").filter(pl.col(name).is_not_null())
    raters = pl.col("rater_count").filter(pl.col(name).is_not_null())
    mean = (value * weight).sum() / weight.sum()
    pooled = ((weight * (native.pow(2) + (value - mean).pow(2))).sum() / weight.sum()).sqrt()
    return (
        pl.when((value.len() > 0) & native.is_not_null().all())
        .then(pooled)
        .when((value.len() > 1) & native.is_null().all() & (raters.fill_null(1) <= 1).all())
        .then(value.std(ddof=1))
    )
