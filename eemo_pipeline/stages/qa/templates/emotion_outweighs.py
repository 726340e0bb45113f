"""Does one emotion outweigh another one? Yes or no, by their places in the ranking.

One of the two is among the three main emotions; the other has another place or is unranked.
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.emotion_questions import place_of
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.intensity_questions import with_two_emotions
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    asked, other = pl.col("asked"), pl.col("other")
    return (
        with_two_emotions(facts.having("rank_1"), purpose)
        .with_columns(is_swapped=unit(pl.col("base"), purpose, "swap") < 0.5)
        .with_columns(
            pl.when("is_swapped").then(other).otherwise(asked).alias("asked"),
            pl.when("is_swapped").then(asked).otherwise(other).alias("other"),
        )
        .select(
            pl.col("row").alias("first"),
            "base",
            "split",
            (place_of(asked) < place_of(other)).alias("is_yes"),
            "asked",
            "other",
        )
    )


TEMPLATE = QaTemplate(
    name="emotion_outweighs",
    category="perception",
    question_type="yes_no",
    claim="outweighs",
    needs=("rank_1",),
    sentences=(
        "Does {} outweigh {} among the emotions that this picture evokes?",
        "Is {} felt more strongly than {} at this picture?",
        "Would viewers of this picture report {} more than {}?",
    ),
    ask=_ask,
    fills=("asked", "other"),
    cell=("asked",),
    proof=("ranking",),
)
