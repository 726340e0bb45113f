"""Is the named emotion among the three main ones? Yes or no."""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.emotion_questions import pick_ranked, pick_unranked
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    inside = pick_ranked(facts.having("rank_1"), 1, purpose).rename({"pick_1": "inside"})
    return (
        pick_unranked(inside, 1, purpose)
        .with_columns(is_yes=unit(pl.col("base"), purpose, "truth") < 0.5)
        .select(
            pl.col("row").alias("first"),
            "base",
            "split",
            "is_yes",
            pl.when("is_yes").then("inside").otherwise("pick_1").alias("asked"),
        )
    )


TEMPLATE = QaTemplate(
    name="emotion_among_top3",
    category="perception",
    question_type="yes_no",
    claim="in_top3",
    needs=("rank_1",),
    sentences=(
        "Is {} among the three main emotions that this picture evokes?",
        "Does {} belong to the three emotions that viewers of this picture feel most?",
        "Would {} be one of the three strongest emotions named for this picture?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("ranking",),
)
