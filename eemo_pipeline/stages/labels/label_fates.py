"""The use and loss of native labels and annotations: `labels__label_fates`, `_labels__coverage`.

Counts what mapping, scales and lexicon lose, with a reason. The rules themselves are in
`emotions.py`, `vad.py` and `lexicon.py`.
"""

from collections.abc import Iterator

import polars as pl

from eemo_pipeline.aggregation.native_votes import spread_votes
from eemo_pipeline.emotion.mappings import list_entries, list_mappings
from eemo_pipeline.emotion.taxonomies import TAXONOMIES
from eemo_pipeline.emotion.vad import normalised_ratings
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.labels.emotions import map_votes
from eemo_pipeline.stages.labels.lexicon_words import DIMENSIONS

_LABEL = ("source", "label_space", "taxonomy", "label")
_COUNTED = ("source", "kind", "reason")


def build_label_fates(
    dedup__images: pl.DataFrame, ingest__annotations: pl.DataFrame
) -> pl.DataFrame:
    """One row per source, taxonomy and native label with weight, on kept images.

    Returns:
        A frame of `labels__label_fates`; `label_share` sums to 1 over a source and taxonomy.
    """
    entries = pl.DataFrame(
        [(e.label_space, e.taxonomy, e.label, e.basis, e.note or None) for e in list_entries()],
        schema=dict.fromkeys(("label_space", "taxonomy", "label", "basis", "note"), pl.String),
        orient="row",
    )
    return (
        map_votes(spread_votes(_numbered(ingest__annotations, dedup__images)))
        .group_by(_LABEL, maintain_order=True)
        .agg(
            pl.col("fate", "emotion").first(),
            pl.col("annotation").n_unique().cast(pl.Int64).alias("label_count"),
            pl.col("share").sum().alias("label_mass"),
        )
        .with_columns(
            (pl.col("label_mass") / pl.col("label_mass").sum().over("source", "taxonomy"))
            .round(6)
            .alias("label_share"),
            pl.col("label_mass").round(6),
        )
        .join(entries, on=["label_space", "taxonomy", "label"], how="left")
        .select(TABLES["labels__label_fates"].columns)
        .sort(_LABEL)
    )


def build_coverage(
    dedup__images: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
) -> pl.DataFrame:
    """One row per source, kind of annotation and reason: counts of used and unused annotations.

    The counts of a source and kind sum to its annotations that have labels, ratings or a comment.
    Reasons: used; not_kept (of no kept image); not_felt (neither evoked nor apparent);
    evoked_preferred (an apparent value of an image that has evoked ones); for labels no_mapping,
    no_weight and all_mass_lost; for ratings outside_scale; for comments no_lexicon and no_word.

    Returns:
        A frame of `_labels__coverage`.
    """
    kept = dedup__images.select("image_id", pl.lit(value=True).alias("is_kept"))
    judged = (
        ingest__annotations.join(kept, on="image_id", how="left", maintain_order="left")
        .with_row_index("picture")  # each annotation is its own group
        .with_columns(
            pl.any_horizontal(pl.col(f"native_{axis}").is_not_null() for axis in DIMENSIONS).alias(
                "is_rated"
            ),
            _is_inside_scale().alias("is_inside"),
            pl.when(pl.col("is_kept").is_null())
            .then(pl.lit("not_kept"))
            .when(~pl.col("semantics").is_in(["evoked", "apparent"]))
            .then(pl.lit("not_felt"))
            .alias("out"),
        )
    )
    parts = [
        *_judge_labels(judged, labels__emotions),
        _judge_ratings(judged, labels__vad),
        _judge_comments(judged, labels__vad),
    ]
    return (
        pl.concat(parts)
        .group_by(_COUNTED)
        .agg(
            pl.len().cast(pl.Int64).alias("annotation_count"),
            pl.col("image_id").n_unique().cast(pl.Int64).alias("image_count"),
        )
        .select(TABLES["_labels__coverage"].columns)
        .sort(_COUNTED)
    )


def _numbered(annotations: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    pictures = images.select("image_id").sort("image_id").with_row_index("picture")
    return annotations.join(pictures, on="image_id")


def _is_inside_scale() -> pl.Expr:
    low, high = pl.col("scale_min"), pl.col("scale_max")
    return pl.any_horizontal(
        normalised_ratings(pl.col(f"native_{axis}"), low, high).struct.field("value").is_not_null()
        for axis in DIMENSIONS
    )


def _judge_labels(judged: pl.DataFrame, emotions: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the labels of every annotation with a reason, once per taxonomy."""
    labelled = judged.filter(pl.col("native_labels").list.len() > 0)
    fates = (
        map_votes(spread_votes(labelled.filter(pl.col("out").is_null())))
        .group_by("picture", "taxonomy")
        .agg((pl.col("fate") == "mapped").any().alias("is_mapped"))
    )
    reason = (
        pl.when(pl.col("out").is_not_null())
        .then("out")
        .when(~pl.col("is_known"))
        .then(pl.lit("no_mapping"))
        .when(pl.col("is_mapped").is_null())
        .then(pl.lit("no_weight"))
        .when(~pl.col("is_mapped"))
        .then(pl.lit("all_mass_lost"))
        .when(pl.col("chosen") != pl.col("semantics"))
        .then(pl.lit("evoked_preferred"))
        .otherwise(pl.lit("used"))
    )
    for taxonomy in TAXONOMIES:
        spaces = [space for space, target in list_mappings() if target == taxonomy]
        chosen = emotions.filter(pl.col("taxonomy") == taxonomy).select(
            "image_id", pl.col("semantics").alias("chosen")
        )
        yield (
            labelled.join(fates.filter(taxonomy=taxonomy), on="picture", how="left")
            .join(chosen.unique(), on="image_id", how="left")
            .with_columns(pl.col("label_space").is_in(spaces).alias("is_known"))
            .select("source", "image_id", pl.lit(taxonomy).alias("kind"), reason.alias("reason"))
        )


def _judge_ratings(judged: pl.DataFrame, vad: pl.DataFrame) -> pl.DataFrame:
    chosen = vad.filter(pl.col("origin").str.starts_with("rated:")).select(
        "image_id", "source", pl.col("semantics").alias("chosen")
    )
    reason = (
        pl.when(pl.col("out").is_not_null())
        .then("out")
        .when(~pl.col("is_inside").fill_null(value=False))
        .then(pl.lit("outside_scale"))
        .when(pl.col("chosen") != pl.col("semantics"))
        .then(pl.lit("evoked_preferred"))
        .otherwise(pl.lit("used"))
    )
    return (
        judged.filter("is_rated")
        .join(chosen, on=["image_id", "source"], how="left")
        .select("source", "image_id", pl.lit("ratings").alias("kind"), reason.alias("reason"))
    )


def _judge_comments(judged: pl.DataFrame, vad: pl.DataFrame) -> pl.DataFrame:
    """Return a reason per comment; as many comments of an image as were scored count as used.

    The scores do not record which comments held a lexicon word, only how many.
    """
    scored = vad.filter(pl.col("origin").str.starts_with("lexicon:")).select(
        "image_id", "source", pl.col("semantics").alias("chosen"), "rater_count"
    )
    nothing = pl.lit("no_word") if scored.height else pl.lit("no_lexicon")
    place = pl.int_range(pl.len()).over("image_id", "source", "semantics")
    reason = (
        pl.when(pl.col("out").is_not_null())
        .then("out")
        .when(pl.col("chosen") != pl.col("semantics"))
        .then(pl.lit("evoked_preferred"))
        .when(place < pl.col("rater_count"))
        .then(pl.lit("used"))
        .otherwise(nothing)
    )
    return (
        judged.filter(pl.col("comment").str.len_bytes() > 0)
        .drop("rater_count")
        .join(scored, on=["image_id", "source"], how="left")
        .select("source", "image_id", pl.lit("comments").alias("kind"), reason.alias("reason"))
    )
