"""Human labels of an image, in their native label set, as weighted votes.

The labels and assess stages share them. Mapping to another label set is in `stages/labels/`.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import canonical


def spread_votes(annotations: pl.DataFrame) -> pl.DataFrame:
    """Return one row per labelled annotation and native label that carries weight.

    Args:
        annotations: rows of `ingest__annotations` with `picture`, a number.

    Returns:
        The columns annotation (a number), picture, source, semantics, label_space, rater_count
            (null where it is not positive), label (in its canonical spelling), share (the labels of
            an annotation sum to 1) and place (of the label in its annotation, from 1). The order
            depends on the keys alone, so that sums are reproducible.
    """
    weights, labels = pl.col("native_weights"), pl.col("native_labels")
    labelled = (
        annotations.filter(
            pl.col("semantics").is_in(["evoked", "apparent"]) & (labels.list.len() > 0)
        )
        .sort("source", "record_id", "annotation_no")
        .with_row_index("annotation")
        .select(
            "annotation",
            "picture",
            "source",
            "semantics",
            "label_space",
            labels.alias("label"),
            pl.when(pl.col("rater_count") > 0).then("rater_count").alias("rater_count"),
            # Weights that do not match the labels in number are ignored.
            pl.when(weights.list.len() == labels.list.len())
            .then(weights)
            .otherwise(pl.lit(1.0).repeat_by(labels.list.len()))
            .alias("weight"),
            pl.int_ranges(1, labels.list.len() + 1).alias("place"),
        )
    )
    weight = pl.col("weight")
    votes = labelled.explode("label", "weight", "place").with_columns(
        pl.when(weight.is_finite() & (weight > 0)).then(weight).otherwise(0.0).alias("weight")
    )
    spellings = votes["label"].drop_nulls().unique().sort().to_list()
    known = pl.DataFrame(
        {"label": spellings, "canonical": [canonical(label) for label in spellings]},
        schema={"label": pl.String, "canonical": pl.String},
    )
    return (
        votes.join(known, on="label", how="left", maintain_order="left")
        .with_columns((weight / weight.sum().over("annotation")).alias("share"))
        .filter(pl.col("share").is_finite() & (pl.col("share") > 0))
        .with_columns(pl.col("canonical").alias("label"))
        .drop("canonical", "weight")
    )
