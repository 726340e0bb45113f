"""One row per image with all the facts that the longer texts need.

Joins descriptions, evidence and levels. Viewers' feelings and those that depicted people seem to
have are kept apart: a rating is left out where it is about the others than the image's labels.
"""

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS, level_of
from eemo_pipeline.stages.texts.emotion_evidence import COUNTS, MEASURES, level_cue
from eemo_pipeline.stages.texts.reasonings import CLAUSES, sentence_of_emotion
from eemo_pipeline.stages.texts.reported_emotions import report

# The second and the third dimension, after a first one by the words that viewers use.
_SAME_WORDS = {
    "arousal": "by the same words, the arousal is {}",
    "dominance": "these words also give a {} dominance",
}


def build_profiles(
    dedup__images: pl.DataFrame,
    grounds: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    labels__vad: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
) -> pl.DataFrame:
    """Return one row per kept image, sorted by image_id.

    Returns:
        image_id, split, is_evaluation, description, emotions (strongest first), sentences, cues,
        words, people and `reported` (of each emotion), is_evoked (whether all is about viewers, not
        about depicted people), is_ranked, lead (mass of the first emotion minus that of the
        second), the counts of `comments.count_ways`, ranking, <dimension>, <dimension>_level,
        <dimension>_sentence, and <dimension>_next, the sentence after those on the dimensions
        before it; null or an empty list for unknown values.
    """
    by_picture = (
        grounds.with_columns(sentence_of_emotion().alias("sentence"))
        .group_by("image_id", maintain_order=True)
        .agg(
            pl.col("emotion").alias("emotions"),
            pl.col("sentence").alias("sentences"),
            pl.col("cue").alias("cues"),
            pl.col("words"),
            pl.col("people"),
            report().alias("reported"),
            pl.col("is_evoked", "is_ranked", *COUNTS).first(),
            (pl.col("mass") - pl.col("mass_below")).first().alias("lead"),
        )
    )
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
        .join(_best_ratings(labels__vad), on="image_id", how="left")
        .with_columns(pl.coalesce("is_evoked", "is_rated_as_evoked").alias("is_evoked"))
        .with_columns(
            pl.when(pl.col("is_rated_as_evoked") == pl.col("is_evoked")).then(name).alias(name)
            for name in LEVEL_WORDS
        )
        .with_columns(level_of(name, pl.col(name)).alias(f"{name}_level") for name in LEVEL_WORDS)
        .with_columns(_level_sentence(name).alias(f"{name}_sentence") for name in LEVEL_WORDS)
        .with_columns(
            sentence.alias(f"{name}_next")
            for name, sentence in zip(LEVEL_WORDS, _level_paragraph(), strict=True)
        )
        .drop(MEASURES)
        .sort("image_id")
    )


def _best_ratings(vad: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, the three dimensions, is_lexicon and is_rated_as_evoked."""
    return vad.filter("is_best").select(
        *("image_id", *LEVEL_WORDS),
        pl.col("origin").str.starts_with("lexicon:").alias("is_lexicon"),
        (pl.col("semantics") != "apparent").fill_null(value=True).alias("is_rated_as_evoked"),
    )


def _level_sentence(dimension: str) -> pl.Expr:
    """Return a clause on a dimension's level, who rates it and a measured cue, without full stop.

    The cue is one that colour psychology relates to the level; it stands beside it, as measured.
    """
    level = pl.col(f"{dimension}_level")
    report = _by_whom(
        pl.format(f"the {dimension} of the people in it seems {{}}", level),
        pl.format(f"by the words that viewers use, the {dimension} is {{}}", level),
        pl.format(f"viewers rate the {dimension} as {{}}", level),
    )
    return _beside(report, level_cue(dimension, level))


def _level_paragraph() -> list[pl.Expr]:
    """Return the clauses on all dimensions, which name who rates and each measured cue once."""
    first, *rest = LEVEL_WORDS
    sentences, cues = [pl.col(f"{first}_sentence")], [level_cue(first, pl.col(f"{first}_level"))]
    for dimension in rest:
        level = pl.col(f"{dimension}_level")
        report = _by_whom(
            pl.format(f"their {dimension} seems {{}}", level),
            pl.format(_SAME_WORDS[dimension], level),
            pl.format(f"they rate the {dimension} as {{}}", level),
        )
        cue = level_cue(dimension, level, cues)
        sentences.append(_beside(report, cue))
        cues.append(cue)
    return sentences


def _by_whom(apparent: pl.Expr, lexicon: pl.Expr, rated: pl.Expr) -> pl.Expr:
    of_viewers = pl.when("is_lexicon").then(lexicon).otherwise(rated)
    return pl.when(~pl.col("is_evoked")).then(apparent).otherwise(of_viewers)


def _beside(report: pl.Expr, cue: pl.Expr) -> pl.Expr:
    clause = cue.replace_strict(CLAUSES, return_dtype=pl.String)
    return pl.concat_str(report, pl.format("; {}", clause), ignore_nulls=True)
