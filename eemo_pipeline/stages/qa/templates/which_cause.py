"""In which of two images does the named thing explain an emotion: the first or the second?

People's explanations of one image name it for the emotion, and none of the other one do.
"""

import polars as pl

from eemo_pipeline.stages.qa.cause_questions import pair_causes
from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.level_questions import FIRST, SECOND
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    first, second = pl.lit(FIRST), pl.lit(SECOND)
    return (
        pair_causes(facts, "cause")
        .filter("is_apart")
        .with_columns(is_first=unit(pl.col("base"), purpose, "side") < 0.5)
        .select(
            *("first", "second", "base", "split", "emotion"),
            pl.when("is_first").then("element_1").otherwise("element_2").alias("element"),
            pl.when("is_first").then(first).otherwise(second).alias("correct"),
            pl.when("is_first").then(second).otherwise(first).alias("wrong_1"),
        )
    )


TEMPLATE = QaTemplate(
    name="which_cause",
    category="pair_perception",
    question_type="what_how",
    claim="which_cause",
    needs=("thing",),
    pairs="cause",
    sentences=(
        "At which picture do viewers feel {} because of the {}?",
        "Viewers feel {} at both pictures. At which one is it because of the {}?",
        "Which picture makes its viewers feel {} because of the {}?",
        "Both pictures make viewers feel {}. Which one does so because of the {}?",
        "At which of the two pictures do people who feel {} speak of the {}?",
        "At which of the two pictures do viewers who feel {} owe it to the {}?",
    ),
    ask=_ask,
    fills=("emotion", "element"),
    cell=("emotion",),
    answers=2,
    proof=("things",),
)
