"""Does one thing explain an emotion in both images? Yes or no.

For "yes" people's explanations of both images name the thing for the emotion; for "no" those of one
image do, and no explanation of the other one names it.
"""

import polars as pl

from eemo_pipeline.stages.qa.cause_questions import pair_causes
from eemo_pipeline.stages.qa.column_draws import choose
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    element = choose([pl.col("element_1"), pl.col("element_2")], pl.col("base"), purpose, "element")
    return (
        pair_causes(facts, "thing")
        .filter(pl.col("is_same") | pl.col("is_apart"))
        .select(
            *("first", "second", "base", "split", "emotion"),
            element.alias("element"),
            pl.col("is_same").alias("is_yes"),
        )
    )


TEMPLATE = QaTemplate(
    name="same_cause",
    category="pair_perception",
    question_type="yes_no",
    claim="same_cause",
    needs=("thing",),
    pairs="thing",
    sentences=(
        "Do viewers feel {} at both pictures because of the {}?",
        "Viewers feel {} at each of the two pictures. Is it because of the {} in both cases?",
        "Is there one reason why viewers feel {} at both pictures, namely the {}?",
        "Do people who feel {} at these pictures speak of the {} both times?",
        "When viewers feel {} at the two pictures, do they owe it to the {} both times?",
        "Are the two pictures alike in that viewers feel {} because of the {}?",
    ),
    ask=_ask,
    fills=("emotion", "element"),
    cell=("emotion",),
    proof=("things",),
)
