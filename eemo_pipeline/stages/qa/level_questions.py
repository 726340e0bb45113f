"""Questions about the level of valence, arousal or dominance, for any dimension.

Holds eligibility, asked level and distractors. Each template in `templates/` has its own wording;
the thresholds are in `emotion/vad.py`.
"""

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.stages.qa.column_draws import ask_evenly, pick
from eemo_pipeline.stages.qa.facts import Facts

# In EEmo-Bench, compared images differ by at least 0.56 on a 1-9 scale, about 0.07 of the range.
# Images called about the same differ by at most 0.67, those called much higher typically by 0.9.
SMALLEST_DIFFERENCE = 0.07
MUCH = 0.1
FIRST, SECOND = "The first picture", "The second picture"
MUCH_HIGHER, SAME, MUCH_LOWER = "Much higher", "About the same", "Much lower"


def verify_level(dimension: str, facts: Facts, purpose: str) -> pl.DataFrame:
    """Is the image at the asked level?"""
    level = f"{dimension}_level"
    answers = {word: pl.col(level) == word for word in LEVEL_WORDS[dimension]}
    return ask_evenly(facts.having(dimension), answers, purpose).select(
        pl.col("row").alias("first"),
        *("base", "split", "asked"),
        pl.col("answered").alias("is_yes"),
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
    answers = {}
    for word in LEVEL_WORDS[dimension]:
        one, two = pl.col(f"{level}_1") == word, pl.col(f"{level}_2") == word
        answers[word] = pl.when(one | two).then(one & two)
    return ask_evenly(facts.paired(dimension, level), answers, purpose).select(
        *("first", "second", "base", "split", "asked"), pl.col("answered").alias("is_yes")
    )


def choose_higher(dimension: str, facts: Facts, _purpose: str) -> pl.DataFrame:
    """Which of the two images is higher? Only pairs that differ by SMALLEST_DIFFERENCE."""
    return _choose(dimension, facts, _difference(dimension) > 0)


def choose_lower(dimension: str, facts: Facts, _purpose: str) -> pl.DataFrame:
    """Which of the two images is lower? Only pairs that differ by SMALLEST_DIFFERENCE."""
    return _choose(dimension, facts, _difference(dimension) < 0)


def _choose(dimension: str, facts: Facts, is_first: pl.Expr) -> pl.DataFrame:
    first, second = pl.lit(FIRST), pl.lit(SECOND)
    return (
        facts.paired(dimension, dimension)
        .filter(_difference(dimension).abs() >= SMALLEST_DIFFERENCE)
        .select(
            *("first", "second", "base", "split"),
            pl.when(is_first).then(first).otherwise(second).alias("correct"),
            pl.when(is_first).then(second).otherwise(first).alias("wrong_1"),
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
