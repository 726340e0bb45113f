"""Which element leads to a felt emotion? The reasoning mentions neither wrong option."""

import polars as pl

from eemo_pipeline.stages.qa.cause_questions import with_pictures
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, _purpose: str) -> pl.DataFrame:
    return with_pictures(facts).select(
        "first",
        "base",
        "split",
        "emotion",
        pl.col("element").alias("correct"),
        pl.col("distractor_1").alias("wrong_1"),
        pl.col("distractor_2").alias("wrong_2"),
    )


TEMPLATE = QaTemplate(
    name="cause_choice",
    category="perception",
    question_type="what_how",
    claim="cause",
    needs=("has_reasonings",),
    sentences=(
        "Some viewers of this picture feel {}. What in it leads to this?",
        "Which of these explains the {} that this picture evokes?",
        "What does the {} at this picture come from?",
    ),
    ask=_ask,
    fills=("emotion",),
    cell=("emotion",),
)
