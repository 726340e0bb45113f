"""Questions about the level of valence, arousal or dominance, for whichever dimension.

Belongs here: eligibility, asked level, distractors. Does not belong here: wording, which each
template brings (`templates/`), and thresholds (`emotion/vad.py`).
"""

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.stages.qa.column_draws import choose, pick, unit
from eemo_pipeline.stages.qa.facts import Facts

# EEmo-Bench's comparisons differ by 0.56 and more on its 1-9 scale, about 0.07 of the range; what
# it calls about the same by 0.67 at most, and what it calls much higher typically by 0.9.
SMALLEST_DIFFERENCE = 0.07
MUCH = 0.1
FIRST, SECOND = "The first picture", "The second picture"
MUCH_HIGHER, SAME, MUCH_LOWER = "Much higher", "About the same", "Much lower"


def verify_level(dimension: str, facts: Facts, purpose: str) -> pl.DataFrame:
    """Is the picture at the asked level? Half of the rows ask the true one, others another one."""
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
    """Which of the three levels is the picture at?"""
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
    """Are both pictures at the asked level? Where not, one of them is."""
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
    """Which of the two pictures is higher? Only pairs that differ by SMALLEST_DIFFERENCE."""
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
    """How does the second picture compare with the first? Pairs in between are not asked."""
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
    """How far the first picture is above the second, free of the noise of subtraction."""
    return (pl.col(f"{dimension}_1") - pl.col(f"{dimension}_2")).round(6)
