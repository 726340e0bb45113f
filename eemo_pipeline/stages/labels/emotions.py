"""Native human labels, mapped to the two taxonomies: `labels__emotions`.

Holds the weighting of annotations, the mapping, and the declared loss. Vocabularies and mapping
tables are in `emotion/`, ratings in `labels/vad.py`, rankings in `labels/rankings.py`.

Rules
- An image's labels come from every source that holds its bytes, or those of a near-duplicate
  dropped for it (`aggregation/kept_images.py`).
- Evoked annotations are preferred: apparent ones (the apparent feeling of a depicted person) are
  used for an image only if no evoked one survives in the taxonomy.
- An annotation's native weights are scaled to sum to one; without usable weights its labels
  share equally. An annotation then counts once per rater if every labelled annotation of the image
  has a rater count, and once otherwise.
- A label space without a mapping into a taxonomy is not used there. A label that a mapping drops,
  marks as ambiguous or does not know loses its mass: `lost_mass` is the total, `ambiguous_mass`
  the ambiguous part of it, and `labels__label_fates` lists the loss per label.
"""

import polars as pl

from eemo_pipeline.aggregation.native_votes import spread_votes
from eemo_pipeline.emotion.mappings import list_entries, list_mappings
from eemo_pipeline.schema.tables import TABLES

# a mass this small is a rounding error
_SMALLEST_MASS = 5e-7
_GROUP = ("picture", "taxonomy", "semantics")


def build_emotions(dedup__images: pl.DataFrame, ingest__annotations: pl.DataFrame) -> pl.DataFrame:
    """One row per kept image, taxonomy and emotion with mass.

    Masses are shares of all native mass, so that the masses of an image and taxonomy and its
    `lost_mass` sum to 1 (to 6 decimals). An image with no surviving mass has no rows.

    Returns:
        A frame of `labels__emotions`.
    """
    # Images by number: grouping by 64 characters takes many times as long.
    pictures = dedup__images.select("image_id").sort("image_id").with_row_index("picture")
    kept = ingest__annotations.join(pictures, on="image_id")
    mapped = _weighted(map_votes(spread_votes(kept)))
    totals = _totals(mapped)
    masses = (
        _by_annotation(mapped.filter(pl.col("fate") == "mapped"))
        .group_by([*_GROUP, "emotion"])
        .agg(
            pl.col("native_mass").sum(),
            pl.len().cast(pl.Int64).alias("choice_count"),
            (1.0 / pl.col("place")).sum().round(6).alias("order_score"),
        )
        .join(totals, on=_GROUP)
        .with_columns((pl.col("native_mass") / pl.col("total")).round(6).alias("mass"))
        .filter(pl.col("mass") > _SMALLEST_MASS)
    )
    lost = (1.0 - pl.col("mass").sum().over(_GROUP)).round(6).clip(0.0, 1.0)
    return (
        _evoked_first(masses.with_columns(lost_mass=lost))
        .with_columns(pl.min_horizontal("ambiguous_mass", "lost_mass").alias("ambiguous_mass"))
        .join(pictures, on="picture")
        .select(TABLES["labels__emotions"].columns)
        .sort("image_id", "taxonomy", "emotion")
    )


def map_votes(votes: pl.DataFrame) -> pl.DataFrame:
    """Return one row per vote and taxonomy that its label space maps into.

    Adds taxonomy, emotion (null where the mass is lost), fate and rule.
    """
    spaces = pl.DataFrame(
        [
            (space, taxonomy, "identity" if space == taxonomy else f"{space}>{taxonomy}")
            for space, taxonomy in list_mappings()
        ],
        schema={"label_space": pl.String, "taxonomy": pl.String, "rule": pl.String},
        orient="row",
    )
    entries = pl.DataFrame(
        [(e.label_space, e.taxonomy, e.label, e.emotion, e.fate) for e in list_entries()],
        schema=dict.fromkeys(("label_space", "taxonomy", "label", "emotion", "fate"), pl.String),
        orient="row",
    )
    return (
        votes.join(spaces, on="label_space", maintain_order="left")
        .join(entries, on=["label_space", "taxonomy", "label"], how="left", maintain_order="left")
        .with_columns(pl.col("fate").fill_null("unknown"))
    )


def _weighted(mapped: pl.DataFrame) -> pl.DataFrame:
    """Add native_mass: the share, times the rater count if every annotation has one."""
    weight = (
        pl.when(pl.col("rater_count").is_not_null().all().over(_GROUP))
        .then("rater_count")
        .otherwise(1)
    )
    return mapped.with_columns((pl.col("share") * weight).alias("native_mass"))


def _by_annotation(mapped: pl.DataFrame) -> pl.DataFrame:
    """Return each annotation's mass on each emotion, and the place of its first such label."""
    return mapped.group_by([*_GROUP, "annotation", "emotion"], maintain_order=True).agg(
        pl.col("native_mass").sum(), pl.col("place").min()
    )


def _totals(mapped: pl.DataFrame) -> pl.DataFrame:
    """Return all mass, the ambiguous share, raters and sources per image, taxonomy, semantics."""
    is_first = pl.struct("annotation", "taxonomy").is_first_distinct()
    raters = pl.col("rater_count").filter(pl.col("is_first"))
    mass = pl.col("native_mass")
    return (
        mapped.with_columns(is_first.alias("is_first"))
        .group_by(_GROUP)
        .agg(
            mass.sum().alias("total"),
            (mass.filter(pl.col("fate") == "ambiguous").sum() / mass.sum())
            .round(6)
            .alias("ambiguous_mass"),
            pl.when(raters.is_not_null().all()).then(raters.sum()).alias("rater_count"),
            pl.col("source").unique().sort().alias("sources"),
            pl.col("rule").unique().sort().str.join("; ").alias("rule"),
        )
    )


def _evoked_first(masses: pl.DataFrame) -> pl.DataFrame:
    """Return the evoked rows of each image and taxonomy, or the apparent ones if it has none."""
    has_evoked = (pl.col("semantics") == "evoked").any().over("picture", "taxonomy")
    return masses.filter((pl.col("semantics") == "evoked") | ~has_evoked)
