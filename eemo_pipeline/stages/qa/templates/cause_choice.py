"""Which thing explains a felt emotion? People's explanations name it, and neither wrong option.

If a model wrote the material, its reasoning names the element and neither wrong option.
"""

import polars as pl

from eemo_pipeline.stages.qa.cause_questions import with_causes
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, _purpose: str) -> pl.DataFrame:
    return with_causes(facts).select(
        *("first", "base", "split", "emotion"),
        pl.col("element").alias("correct"),
        pl.col("distractor_1").alias("wrong_1"),
        pl.col("distractor_2").alias("wrong_2"),
    )


TEMPLATE = QaTemplate(
    name="cause_choice",
    category="perception",
    question_type="what_how",
    claim="cause",
    needs=("cause",),
    sentences=(
        "Some viewers of this picture feel {}. Which of these explains it?",
        "Which of these leads viewers of this picture to feel {}?",
        "What in this picture makes viewers feel {}?",
        "Viewers feel {} at this picture. What is the reason?",
        "Which of these gives viewers of this picture a reason to feel {}?",
        "What do people speak of to explain why they feel {} at this picture?",
    ),
    ask=_ask,
    fills=("emotion",),
    cell=("emotion",),
    proof=("things",),
)
