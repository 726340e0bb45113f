"""Questions about the level of valence, arousal or dominance, for any dimension.

Holds eligibility, asked level and distractors. Each template in `templates/` has its own wording;
the thresholds are in `emotion/vad.py`.
"""

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.stages.qa.column_draws import choose, pick, unit
from eemo_pipeline.stages.qa.facts import Facts

# In EEmo-Bench, compared images differ by at least 0.56 on a 1-9 scale, about 0.07 of the range.
# Images called about the same differ by at most 0.67, those called much higher typically by 0.9.
SMALLEST_DIFFERENCE = 0.07
MUCH = 0.1
FIRST, SECOND = "The first picture", "The second picture"
MUCH_HIGHER, SAME, MUCH_LOWER = "Much higher", "About the same", "Much lower"


def verify_level(dimension: str, facts: Facts, purpose: str) -> pl.DataFrame:
    """Is the image at the asked level? Half of the rows ask the true level, half another one."""
    level = f"{dimension}_level"
    rated = facts.having(dimension)
    others = {word: pl.col(level) != word for word in LEVEL_WORDS[dimension]}
    return (
        pick(rated, others, 1, purpose, "asked")
        .with_columns(is_yes=unit(pl.col("base"), purpose, "truth") < 0.5)
        .select(
            pl.col("row").alias("first"),
            "base",
            "split",
            "is_yes",
            pl.when("is_yes").then(level).otherwise("pick_1").alias("asked"),
        )
    )


def choose_level(dimension: str, facts: Facts, purpose: str) -> pl.DataFrame:
    """Which of the three levels is the image at?"""
    level = f"{dimension}_level"
    others = {word: pl.col(level) != word for word in LEVEL_WORDS[dimension]}
    return pick(facts.having(dimension), others, 2, purpose, "wrong").select(
        pl.col("row").alias("first"),
        "base",
        "split",
        pl.col(level).alias("correct"),
        pl.col("pick_1").alias("wrong_1"),
        pl.col("pick_2").alias("wrong_2"),
    )


def verify_both_levels(dimension: str, facts: Facts, purpose: str) -> pl.DataFrame:
    """Are both images at the asked level? If not, exactly one of them is."""
    level = f"{dimension}_level"
    one, two = pl.col(f"{level}_1"), pl.col(f"{level}_2")
    return facts.paired(dimension, level).select(
        "first",
        "second",
        "base",
        "split",
        (one == two).alias("is_yes"),
        choose([one, two], pl.col("base"), purpose, "asked").alias("asked"),
    )


def choose_higher(dimension: str, facts: Facts, _purpose: str) -> pl.DataFrame:
    """Which of the two images is higher? Only pairs that differ by SMALLEST_DIFFERENCE."""
    difference = _difference(dimension)
    is_first = difference > 0
    return (
        facts.paired(dimension, dimension)
        .filter(difference.abs() >= SMALLEST_DIFFERENCE)
        .select(
            "first",
            "second",
            "base",
            "split",
            pl.when(is_first).then(pl.lit(FIRST)).otherwise(pl.lit(SECOND)).alias("correct"),
            pl.when(is_first).then(pl.lit(SECOND)).otherwise(pl.lit(FIRST)).alias("wrong_1"),
        )
    )


def compare_levels(dimension: str, facts: Facts, purpose: str) -> pl.DataFrame:
    """How does the second image compare with the first? Ambiguous differences are skipped."""
    second_above = -_difference(dimension)
    correct = (
        pl.when(second_above.abs() <= SMALLEST_DIFFERENCE)
        .then(pl.lit(SAME))
        .when(second_above >= MUCH)
        .then(pl.lit(MUCH_HIGHER))
        .when(second_above <= -MUCH)
        .then(pl.lit(MUCH_LOWER))
    )
    compared = (
        facts.paired(dimension, dimension).with_columns(correct=correct).drop_nulls("correct")
    )
    wrong = {answer: pl.col("correct") != answer for answer in (MUCH_HIGHER, SAME, MUCH_LOWER)}
    return pick(compared, wrong, 2, purpose, "wrong").select(
        "first",
        "second",
        "base",
        "split",
        "correct",
        pl.col("pick_1").alias("wrong_1"),
        pl.col("pick_2").alias("wrong_2"),
    )


def _difference(dimension: str) -> pl.Expr:
    """Return the first image's value minus the second's, rounded to remove subtraction noise."""
    return (pl.col(f"{dimension}_1") - pl.col(f"{dimension}_2")).round(6)
