"""Which of two emotions is the stronger one? By their places in the ranking."""

import polars as pl

from eemo_pipeline.stages.qa.emotion_questions import place_of
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.intensity_questions import with_two_emotions
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    asked, other = pl.col("asked"), pl.col("other")
    is_stronger = place_of(asked) < place_of(other)
    return with_two_emotions(facts.having("rank_1"), purpose).select(
        pl.col("row").alias("first"),
        "base",
        "split",
        pl.when(is_stronger).then(asked).otherwise(other).alias("correct"),
        pl.when(is_stronger).then(other).otherwise(asked).alias("wrong_1"),
    )


TEMPLATE = QaTemplate(
    name="stronger_emotion",
    category="perception",
    question_type="what_how",
    claim="stronger",
    needs=("rank_1",),
    sentences=(
        "Which of these two emotions does this picture evoke more strongly?",
        "Of the two emotions offered, which one do viewers of this picture feel more?",
        "Which of the two has the greater part in the response to this picture?",
    ),
    ask=_ask,
    cell=("correct",),
    proof=("ranking",),
)
