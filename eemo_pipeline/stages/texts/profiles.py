"""One row per image with all the facts that the longer texts need.

Joins descriptions, evidence and levels.
"""

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS, level_of
from eemo_pipeline.stages.texts.emotion_evidence import MEASURES, level_cue
from eemo_pipeline.stages.texts.reasonings import sentence_of_emotion
from eemo_pipeline.stages.texts.reported_emotions import report


def build_profiles(
    dedup__images: pl.DataFrame,
    grounds: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    labels__vad: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
) -> pl.DataFrame:
    """Return one row per kept image, sorted by image_id.

    Returns:
        image_id, split, is_evaluation, description, emotions (strongest first), sentences, cues
        and words (of each emotion), `reported`, ranking, <dimension>, <dimension>_level and
        <dimension>_sentence; null or an empty list for unknown values.
    """
    by_picture = (
        grounds.with_columns(sentence_of_emotion().alias("sentence"))
        .group_by("image_id", maintain_order=True)
        .agg(
            pl.col("emotion").alias("emotions"),
            pl.col("sentence").alias("sentences"),
            pl.col("cue").alias("cues"),
            pl.col("words"),
            report().alias("reported"),
        )
    )
    best = labels__vad.filter("is_best").select("image_id", *LEVEL_WORDS)
    is_described = pl.col("status") == "ok"
    described = texts__descriptions.select(
        "image_id", pl.when(is_described).then("text").alias("description")
    )
    return (
        dedup__images.select(
            "image_id", "split", pl.col("is_evaluation").fill_null(value=False), *MEASURES
        )
        .join(described, on="image_id", how="left")
        .join(by_picture, on="image_id", how="left")
        .join(labels__rankings.select("image_id", "ranking"), on="image_id", how="left")
        .join(best, on="image_id", how="left")
        .with_columns(level_of(name, pl.col(name)).alias(f"{name}_level") for name in LEVEL_WORDS)
        .with_columns(_level_sentence(name).alias(f"{name}_sentence") for name in LEVEL_WORDS)
        .drop(MEASURES)
        .sort("image_id")
    )


def _level_sentence(dimension: str) -> pl.Expr:
    """Return a clause on a dimension's level and the related measured cue, without a full stop."""
    level = pl.col(f"{dimension}_level")
    cue = level_cue(dimension, level)
    return (
        pl.when(cue.is_not_null())
        .then(pl.format(f"the {dimension} is {{}}, in keeping with its {{}}", level, cue))
        .otherwise(
            pl.format(
                f"the {dimension} is {{}}, more by what is shown than by light or colour", level
            )
        )
    )
