"""Which emotion is among the three main ones? The two wrong options are not."""

import polars as pl

from eemo_pipeline.stages.qa.emotion_questions import pick_ranked, pick_unranked
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    inside = pick_ranked(facts.having("rank_1"), 1, purpose).rename({"pick_1": "correct"})
    return pick_unranked(inside, 2, purpose).select(
        pl.col("row").alias("first"),
        "base",
        "split",
        "correct",
        pl.col("pick_1").alias("wrong_1"),
        pl.col("pick_2").alias("wrong_2"),
    )


TEMPLATE = QaTemplate(
    name="present_emotion",
    category="perception",
    question_type="what_how",
    claim="present",
    needs=("rank_1",),
    sentences=(
        "Which of these emotions is among the three main ones that this picture evokes?",
        "Only one of these belongs to the three strongest emotions at this picture. Which one?",
        "Which emotion would viewers count among their three main responses to this picture?",
    ),
    ask=_ask,
    cell=("correct",),
    proof=("ranking",),
)
