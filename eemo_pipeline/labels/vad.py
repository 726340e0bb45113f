"""Ratings of valence, arousal and dominance on one scale: `labels__vad`.

Belongs here: aggregation of ratings over annotations. Does not belong here: the normalisation
itself, levels and anchors (`emotion/vad.py`).

Rules
- One row per picture and source that rates it; two sources are never averaged.
- Evoked ratings win over apparent ones within a source.
- A mean over annotations is weighted by their raters where every one of them says how many it
  has, and else plain.
- The spread is the native one of a single aggregate; over several aggregates it is pooled by
  the law of total variance; over single raters it is the sample standard deviation. A mixture
  of both has none.
"""

import polars as pl

from eemo_pipeline.emotion.vad import normalised_ratings
from eemo_pipeline.schema.tables import TABLES

_DIMENSIONS = ("valence", "arousal", "dominance")
_SPREADS = ("valence", "arousal")
_GROUP = ("image_id", "source")


def build_vad(dedup__images: pl.DataFrame, ingest__annotations: pl.DataFrame) -> pl.DataFrame:
    """One row per kept picture and origin of its ratings, each dimension in 0-1 or null.

    Returns:
        A frame of `labels__vad`; `origin` is `rated:<source>`.
    """
    rated = _normalised(dedup__images, ingest__annotations)
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
            *((_spread(name).round(6).alias(f"{name}_sd"),) if name in _SPREADS else ()),
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
        .with_columns(origin=pl.lit("rated:") + pl.col("source"))
        .select(TABLES["labels__vad"].columns)
        .sort("image_id", "origin")
    )


def _normalised(images: pl.DataFrame, annotations: pl.DataFrame) -> pl.DataFrame:
    """Rated annotations of kept pictures in 0-1; a rating outside its scale counts as none."""
    low, high = pl.col("scale_min"), pl.col("scale_max")
    normalised = {
        name: normalised_ratings(pl.col(f"native_{name}"), low, high) for name in _DIMENSIONS
    }
    values = [normalised[name].struct.field("value").alias(name) for name in _DIMENSIONS]
    # a spread is a difference: only the scale's unit counts, not where it starts
    unit = (_value(high, low, high) - _value(low, low, high)) / (high - low)
    spreads = [(pl.col(f"native_{name}_sd") * unit).alias(f"{name}_sd") for name in _SPREADS]
    rule = pl.coalesce(
        pl.when(normalised[name].struct.field("value").is_not_null()).then(
            normalised[name].struct.field("rule")
        )
        for name in _DIMENSIONS
    )
    kept = annotations.join(images.select("image_id"), on="image_id", how="semi")
    rated = (
        kept.filter(pl.col("semantics").is_in(["evoked", "apparent"]))
        .sort("source", "record_id", "annotation_no")
        .select(
            "image_id", "source", "semantics", "rater_count", *values, *spreads, rule.alias("rule")
        )
        .filter(pl.any_horizontal(pl.col(*_DIMENSIONS).is_not_null()))
    )
    has_evoked = (pl.col("semantics") == "evoked").any().over(_GROUP)
    return rated.filter((pl.col("semantics") == "evoked") | ~has_evoked)


def _value(rating: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    return normalised_ratings(rating, low, high).struct.field("value")


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
