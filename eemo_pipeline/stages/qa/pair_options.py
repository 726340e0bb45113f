"""The options first, second, both and neither, for questions about which of two images."""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import pick
from eemo_pipeline.stages.qa.level_questions import FIRST, SECOND

BOTH, NEITHER = "Both pictures", "Neither picture"


def choose_side(
    pairs: pl.DataFrame, in_first: pl.Expr, in_second: pl.Expr, *purpose: str
) -> pl.DataFrame:
    """Return questions with four options from pairs with `asked`, by the side where it is found."""
    correct = (
        pl.when(in_first & in_second)
        .then(pl.lit(BOTH))
        .when(in_first)
        .then(pl.lit(FIRST))
        .when(in_second)
        .then(pl.lit(SECOND))
        .otherwise(pl.lit(NEITHER))
    )
    wrong = {answer: pl.col("correct") != answer for answer in (FIRST, SECOND, BOTH, NEITHER)}
    return pick(pairs.with_columns(correct=correct), wrong, 3, *purpose, "wrong").select(
        "first",
        "second",
        "base",
        "split",
        "asked",
        "correct",
        *(pl.col(f"pick_{number}").alias(f"wrong_{number}") for number in (1, 2, 3)),
    )
