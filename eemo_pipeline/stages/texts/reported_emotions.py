"""The emotions that people report, with their comments, as a model is given them.

A comment belongs to the emotion that its own annotation names (`comments.align_comments`). It is
passed on whole, up to COMMENT_CHARACTERS characters. Where more than COMMENT_COUNT people explain
an emotion of an image, a draw by hash chooses COMMENT_COUNT of their comments; equal comments count
once. Comments are data: nothing here interprets them.
"""

import polars as pl

from eemo_pipeline.stages.texts.comments import align_comments
from eemo_pipeline.stages.texts.text_rules import quotes_comment
from eemo_pipeline.stats.hash_draws import draw

COMMENT_COUNT = 12
COMMENT_CHARACTERS = 400
CUT = (
    f"at most {COMMENT_COUNT} comments per emotion, drawn by hash, each cut after "
    f"{COMMENT_CHARACTERS} characters"
)
_ROUNDING = 1.5e-6
_FAR = 0.5  # an emotion with less than this share of the one before is felt by far fewer people


def choose_comments(annotations: pl.DataFrame) -> pl.DataFrame:
    """Return the comments on each emotion of each image, in the order of the annotations.

    Args:
        annotations: rows of `ingest__annotations`.

    Returns:
        image_id, emotion (Ekman), comments (at most COMMENT_COUNT).
    """
    group = ["image_id", "emotion"]
    cleaned = pl.col("comment").str.replace_all(r"[\s\x00-\x1f\x7f]+", " ").str.strip_chars()
    said = (
        annotations.with_columns(cleaned.alias("comment"))
        .filter(pl.col("comment").str.len_chars() > 0)
        .sort("source", "record_id", "annotation_no")
        .with_row_index("annotation")
    )
    aligned = (
        align_comments(said)
        .drop_nulls("emotion")
        .unique([*group, "comment"], keep="first", maintain_order=True)
    )
    turn = pl.when(pl.len().over(group) > COMMENT_COUNT).then(
        pl.concat_str("source", "record_id", "annotation_no", separator="\x1f")
    )
    return (
        aligned.with_columns(turn.alias("turn"))
        .with_columns(draw(pl.col("turn"), "comments").alias("turn"))
        .filter(
            pl.col("turn").is_null() | (pl.col("turn").rank("ordinal").over(group) <= COMMENT_COUNT)
        )
        .sort("annotation")
        .group_by(group, maintain_order=True)
        .agg(pl.col("comment").str.slice(0, COMMENT_CHARACTERS).alias("comments"))
    )


def report() -> pl.Expr:
    """Return one emotion of `emotion_evidence.gather_grounds` as a struct for a writer.

    Fields: emotion, felt_by (viewers, or people in the image), people (how many feel it, beside
    the emotion before, in words), comments.
    """
    is_evoked = pl.col("is_evoked")
    felt_by = pl.when(is_evoked).then(pl.lit("viewers")).otherwise(pl.lit("people in the image"))
    return pl.struct(
        "emotion",
        felt_by.alias("felt_by"),
        _people().alias("people"),
        pl.col("comments").fill_null([]),
    )


def quotes() -> pl.Expr:
    """Return whether `text` repeats a comment of `reported`, a list of the structs of `report`."""
    comments = pl.col("reported").list.eval(pl.element().struct.field("comments").explode())
    return quotes_comment(pl.col("text"), comments)


def _people() -> pl.Expr:
    gap = pl.col("mass_above") - pl.col("mass")
    first = (
        pl.when(pl.col("mass") > 0.5)
        .then(pl.lit("most people"))
        .when(pl.col("is_ranked") | (pl.col("mass") - pl.col("mass_below") > _ROUNDING))
        .then(pl.lit("the largest group"))
        .otherwise(pl.lit("as many people as the next"))
    )
    later = (
        pl.when(~pl.col("is_ranked") & (gap <= _ROUNDING))
        .then(pl.lit("as many people as the one before"))
        .when(pl.col("mass") < _FAR * pl.col("mass_above"))
        .then(pl.lit("far fewer people than the one before"))
        .otherwise(pl.lit("fewer people than the one before"))
    )
    return pl.when(pl.col("place") == 0).then(first).otherwise(later)
