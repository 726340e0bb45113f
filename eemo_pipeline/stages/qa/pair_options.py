"""The options first, second, both and neither, for questions about which of two images."""

from collections.abc import Mapping

import polars as pl

from eemo_pipeline.stages.qa.column_draws import ask_evenly, pick
from eemo_pipeline.stages.qa.level_questions import FIRST, SECOND

BOTH, NEITHER = "Both pictures", "Neither picture"
SIDES = (FIRST, SECOND, BOTH, NEITHER)


def ask_side(
    pairs: pl.DataFrame, found: Mapping[str, tuple[pl.Expr, pl.Expr]], *purpose: str
) -> pl.DataFrame:
    """Return questions with four options: in which images a drawn name is found.

    Args:
        pairs: pairs of images.
        found: name -> whether it is found in the first image, and in the second.
        purpose: the purpose of all draws.
    """
    answers = {name: _side(first, second) for name, (first, second) in found.items()}
    asked = ask_evenly(pairs, answers, *purpose).rename({"answered": "correct"})
    wrong = {answer: pl.col("correct") != answer for answer in SIDES}
    return pick(asked, wrong, 3, *purpose, "wrong").select(
        *("first", "second", "base", "split", "asked", "correct"),
        *(pl.col(f"pick_{number}").alias(f"wrong_{number}") for number in (1, 2, 3)),
    )


def _side(in_first: pl.Expr, in_second: pl.Expr) -> pl.Expr:
    return (
        pl.when(in_first & in_second)
        .then(pl.lit(BOTH))
        .when(in_first)
        .then(pl.lit(FIRST))
        .when(in_second)
        .then(pl.lit(SECOND))
        .otherwise(pl.lit(NEITHER))
    )
