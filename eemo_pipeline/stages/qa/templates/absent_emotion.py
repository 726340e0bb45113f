"""Which emotion is not among the three main ones? The two wrong options are."""

import polars as pl

from eemo_pipeline.stages.qa.emotion_questions import pick_ranked, pick_unranked
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    outside = pick_unranked(facts.having("rank_1"), 1, purpose).rename({"pick_1": "correct"})
    return pick_ranked(outside, 2, purpose).select(
        pl.col("row").alias("first"),
        "base",
        "split",
        "correct",
        pl.col("pick_1").alias("wrong_1"),
        pl.col("pick_2").alias("wrong_2"),
    )


TEMPLATE = QaTemplate(
    name="absent_emotion",
    category="perception",
    question_type="what_how",
    claim="absent",
    needs=("rank_1",),
    sentences=(
        "Which of these emotions is not among the three main ones that this picture evokes?",
        "Two of these belong to the three strongest emotions at this picture. Which one does not?",
        "Which emotion would viewers leave out of their three main responses to this picture?",
    ),
    ask=_ask,
    cell=("correct",),
    proof=("ranking",),
)
