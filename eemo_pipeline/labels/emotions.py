"""Native labels of people, mapped to the two taxonomies: `labels__emotions`.

Belongs here: weighting of annotations, mapping, and the declared loss. Does not belong here:
vocabularies and mapping tables (`emotion/taxonomies.py`), ratings (`labels/vad.py`), rankings.

Rules
- A picture's labels come from every source that holds exactly its bytes.
- Evoked annotations win: apparent ones (what a depicted person seems to feel) speak for a
  picture only where no evoked one survives in the taxonomy.
- An annotation's native weights are scaled to sum to one; without usable weights its labels
  share equally. It then counts as many times as it has raters where every labelled annotation
  of the picture says how many it has, and else once.
- A label space without a mapping into a taxonomy takes no part there. A label without an entry
  in a mapping that exists loses its mass, and the loss is reported in `lost_mass`.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import MAPPINGS, canonical
from eemo_pipeline.schema.tables import TABLES

# mass at or below this is rounding, not an opinion
_SMALLEST_MASS = 5e-7
_GROUP = ("image_id", "taxonomy", "semantics")


def build_emotions(dedup__images: pl.DataFrame, ingest__annotations: pl.DataFrame) -> pl.DataFrame:
    """One row per kept picture, taxonomy and emotion with mass.

    Masses are shares of all native mass, so that those of a picture and taxonomy and its
    `lost_mass` sum to 1 (to 6 decimals). A picture with no surviving mass has no rows.

    Returns:
        A frame of `labels__emotions`.
    """
    votes = _votes(_labelled(dedup__images, ingest__annotations))
    mapped = _mapped(votes)
    group = list(_GROUP)
    totals = mapped.group_by(group).agg(
        pl.col("native_mass").sum().alias("total"),
        pl.col("native_mass").filter(pl.col("emotion").is_not_null()).sum().alias("survived"),
        pl.col("source").unique().sort().alias("sources"),
        pl.col("rule").unique().sort().str.join("; ").alias("rule"),
    )
    raters = (
        mapped.unique(subset=["annotation", "taxonomy"])
        .group_by(group)
        .agg(
            pl.when(pl.col("rater_count").is_not_null().all())
            .then(pl.col("rater_count").sum())
            .alias("rater_count")
        )
    )
    masses = (
        mapped.drop_nulls("emotion")
        .group_by([*group, "emotion"])
        .agg(pl.col("native_mass").sum())
        .join(totals, on=group)
        .with_columns((pl.col("native_mass") / pl.col("total")).round(6).alias("mass"))
        .filter(pl.col("mass") > _SMALLEST_MASS)
        .join(raters, on=group)
    )
    lost = (1.0 - pl.col("mass").sum().over(group)).round(6).clip(0.0, 1.0)
    return (
        _evoked_first(masses.with_columns(lost_mass=lost))
        .select(TABLES["labels__emotions"].columns)
        .sort("image_id", "taxonomy", "emotion")
    )


def _labelled(images: pl.DataFrame, annotations: pl.DataFrame) -> pl.DataFrame:
    """Labelled annotations of kept pictures in a total order, so that float sums repeat."""
    return (
        annotations.join(images.select("image_id"), on="image_id", how="semi")
        .filter(
            pl.col("semantics").is_in(["evoked", "apparent"])
            & (pl.col("native_labels").list.len() > 0)
        )
        .sort("source", "record_id", "annotation_no")
        .with_row_index("annotation")
        .select(
            "annotation",
            "image_id",
            "source",
            "semantics",
            "label_space",
            "native_labels",
            pl.when(pl.col("rater_count") > 0).then("rater_count").alias("rater_count"),
            # a list that does not fit its labels says nothing about them
            pl.when(pl.col("native_weights").list.len() == pl.col("native_labels").list.len())
            .then("native_weights")
            .otherwise(pl.lit(1.0).repeat_by(pl.col("native_labels").list.len()))
            .alias("native_weights"),
        )
    )


def _votes(labelled: pl.DataFrame) -> pl.DataFrame:
    """One row per annotation and native label; `share` sums to 1 over an annotation."""
    weight = pl.col("native_weights")
    usable = pl.when(weight.is_finite() & (weight > 0)).then(weight).otherwise(0.0)
    votes = labelled.explode("native_labels", "native_weights").with_columns(native_weights=usable)
    spellings = votes["native_labels"].drop_nulls().unique().to_list()
    labels = pl.DataFrame(
        {"native_labels": spellings, "label": [canonical(label) for label in spellings]},
        schema={"native_labels": pl.String, "label": pl.String},
    )
    share = pl.col("native_weights") / pl.col("native_weights").sum().over("annotation")
    return (
        votes.join(labels, on="native_labels", how="left", maintain_order="left")
        .with_columns(share=share)
        .filter(pl.col("share").is_finite() & (pl.col("share") > 0))
    )


def _mapped(votes: pl.DataFrame) -> pl.DataFrame:
    """One row per vote and taxonomy that its label space maps into; lost votes stay, unnamed."""
    spaces = pl.DataFrame(
        [
            (space, taxonomy, "identity" if space == taxonomy else f"{space}>{taxonomy}")
            for space, taxonomy in MAPPINGS
        ],
        schema={"label_space": pl.String, "taxonomy": pl.String, "rule": pl.String},
        orient="row",
    )
    entries = pl.DataFrame(
        [
            (space, taxonomy, label, emotion)
            for (space, taxonomy), mapping in MAPPINGS.items()
            for label, emotion in mapping.items()
        ],
        schema=dict.fromkeys(("label_space", "taxonomy", "label", "emotion"), pl.String),
        orient="row",
    )
    group = list(_GROUP)
    weight = (
        pl.when(pl.col("rater_count").is_not_null().all().over(group))
        .then("rater_count")
        .otherwise(1)
    )
    return (
        votes.join(spaces, on="label_space", maintain_order="left")
        .join(entries, on=["label_space", "taxonomy", "label"], how="left", maintain_order="left")
        .with_columns(native_mass=pl.col("share") * weight)
    )


def _evoked_first(masses: pl.DataFrame) -> pl.DataFrame:
    """Of each picture and taxonomy the evoked rows, or the apparent ones where none is evoked."""
    has_evoked = (pl.col("semantics") == "evoked").any().over("image_id", "taxonomy")
    return masses.filter((pl.col("semantics") == "evoked") | ~has_evoked)
