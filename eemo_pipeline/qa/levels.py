"""Questions about the level of valence, arousal or dominance, for whichever dimension.

Belongs here: eligibility, asked level, distractors. Does not belong here: wording, which each
template brings (`templates/`), and thresholds (`facts.py`).
"""

from collections.abc import Sequence

import polars as pl

from eemo_pipeline.qa.draws import balance, choose, pick, unit
from eemo_pipeline.qa.facts import LEVEL_WORDS, Facts
from eemo_pipeline.qa.items import choice_items, proof, single, wording, yes_no_items

# EEmo-Bench's comparisons differ by 0.56 and more on its 1-9 scale, about 0.07 of the range.
SMALLEST_DIFFERENCE = 0.07
FIRST, SECOND = "The first picture", "The second picture"


def verify_level(
    facts: Facts, seed: str, name: str, dimension: str, sentences: Sequence[str]
) -> pl.DataFrame:
    """Is the picture at the asked level? Half of the rows ask the true one, others another one.

    Yes and no are equally frequent for each asked level; the surplus is dropped.
    """
    level = f"{dimension}_level"
    rated = facts.pictures.drop_nulls(dimension)
    others = {word: pl.col(level) != word for word in LEVEL_WORDS[dimension]}
    asked = (
        pick(rated, others, 1, seed, name, "asked")
        .with_columns(is_yes=unit(pl.col("base"), seed, name, "truth") < 0.5)
        .with_columns(pl.when("is_yes").then(level).otherwise("pick_1").alias("asked"))
    )
    balanced = balance(asked, ["asked"], seed, name, "balance")
    return yes_no_items(
        single(balanced).with_columns(
            wording(sentences, ["asked"], seed, name), proof(dimension, level, "asked")
        ),
        seed,
        name,
    )


def choose_level(
    facts: Facts, seed: str, name: str, dimension: str, sentences: Sequence[str]
) -> pl.DataFrame:
    """Which of the three levels is the picture at?"""
    level = f"{dimension}_level"
    rated = facts.pictures.drop_nulls(dimension)
    others = {word: pl.col(level) != word for word in LEVEL_WORDS[dimension]}
    return choice_items(
        single(pick(rated, others, 2, seed, name, "distractors")).with_columns(
            wording(sentences, [], seed, name),
            proof(dimension, level),
            pl.col(level).alias("correct"),
        ),
        ["pick_1", "pick_2"],
        seed,
        name,
    )


def verify_both_levels(
    facts: Facts, seed: str, name: str, dimension: str, sentences: Sequence[str]
) -> pl.DataFrame:
    """Are both pictures at the asked level? Where not, one of them is.

    Yes and no are equally frequent for each asked level; the surplus is dropped.
    """
    first, second = f"{dimension}_level_1", f"{dimension}_level_2"
    asked = facts.paired(dimension, [dimension, f"{dimension}_level"]).with_columns(
        choose([pl.col(first), pl.col(second)], pl.col("base"), seed, name, "asked").alias("asked"),
        is_yes=pl.col(first) == pl.col(second),
    )
    balanced = balance(asked, ["asked"], seed, name, "balance")
    return yes_no_items(
        balanced.with_columns(
            wording(sentences, ["asked"], seed, name),
            proof(f"{dimension}_1", f"{dimension}_2", first, second, "asked"),
        ),
        seed,
        name,
    )


def choose_higher(
    facts: Facts, seed: str, name: str, dimension: str, sentences: Sequence[str]
) -> pl.DataFrame:
    """Which of the two pictures is higher? Only pairs that differ by SMALLEST_DIFFERENCE."""
    difference = pl.col(f"{dimension}_1") - pl.col(f"{dimension}_2")
    apart = facts.paired(dimension, [dimension]).filter(difference.abs() >= SMALLEST_DIFFERENCE)
    is_first = difference > 0
    return choice_items(
        apart.with_columns(
            wording(sentences, [], seed, name),
            proof(f"{dimension}_1", f"{dimension}_2"),
            pl.when(is_first).then(pl.lit(FIRST)).otherwise(pl.lit(SECOND)).alias("correct"),
            pl.when(is_first).then(pl.lit(SECOND)).otherwise(pl.lit(FIRST)).alias("wrong"),
        ),
        ["wrong"],
        seed,
        name,
    )
