"""What people called a picture, in the words of their own label set.

Belongs here: native labels of annotations as weighted votes; the labels and assess stages share
them. Does not belong here: mapping to another label set (`labels/`).
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import canonical


def labelled_annotations(images: pl.DataFrame, annotations: pl.DataFrame) -> pl.DataFrame:
    """Labelled annotations of kept pictures in a total order, so that float sums repeat.

    Args:
        images: rows of `dedup__images`.
        annotations: rows of `ingest__annotations`.

    Returns:
        annotation (a running number), image_id, source, semantics, label_space, native_labels,
        rater_count (null where unknown), native_weights (one per label).
    """
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


def native_votes(labelled: pl.DataFrame) -> pl.DataFrame:
    """One row per annotation and native label; `share` sums to 1 over an annotation.

    `label` is the canonical spelling. A label with a weight that is not positive has no row.
    """
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
