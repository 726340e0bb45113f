"""Which of two emotions is the stronger one? By their places in the ranking."""

import polars as pl

from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.intensity_questions import ask_intensity
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    asked, other = pl.col("asked"), pl.col("other")
    return ask_intensity(facts.having("rank_1"), ("",), purpose).select(
        pl.col("row").alias("first"),
        *("base", "split"),
        pl.when("is_yes").then(asked).otherwise(other).alias("correct"),
        pl.when("is_yes").then(other).otherwise(asked).alias("wrong_1"),
        pl.format("{} {}", pl.min_horizontal(asked, other), pl.max_horizontal(asked, other)).alias(
            "both"
        ),
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
        "Which of these two emotions comes first at this picture?",
        "Which of the two do viewers report more for this picture?",
        "One of these two emotions outweighs the other at this picture. Which one?",
    ),
    depicted=(
        "Which of these two emotions do the people in this picture seem to feel more strongly?",
        "Of the two emotions offered, which one seems stronger in the people shown here?",
        "One of these two outweighs the other in what the people in this picture seem to "
        "feel. Which one?",
    ),
    ask=_ask,
    cell=("both",),
    answers=2,
    proof=("ranking",),
)
