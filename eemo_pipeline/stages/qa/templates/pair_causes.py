"""Is an emotion caused by one thing in the first image and by another in the second? Yes or no.

For "no" the two things are swapped. People's explanations name both, and those of neither image
name the other one's.
"""

import polars as pl

from eemo_pipeline.stages.qa.cause_questions import pair_causes
from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    one, two = pl.col("element_1"), pl.col("element_2")
    return (
        pair_causes(facts, "cause")
        .filter("is_apart")
        .with_columns(is_yes=unit(pl.col("base"), purpose, "truth") < 0.5)
        .select(
            *("first", "second", "base", "split", "is_yes", "emotion"),
            pl.when("is_yes").then(one).otherwise(two).alias("element"),
            pl.when("is_yes").then(two).otherwise(one).alias("other_element"),
        )
    )


TEMPLATE = QaTemplate(
    name="pair_causes",
    category="pair_perception",
    question_type="yes_no",
    claim="pair_causes",
    needs=("thing",),
    pairs="cause",
    sentences=(
        "Viewers feel {} at both pictures. Is it because of the {} at the first and "
        "because of the {} at the second?",
        "Do viewers feel {} because of the {} at the first picture, and because of the "
        "{} at the second?",
        "Asked why they feel {}, do viewers of the first picture speak of the {}, and "
        "those of the second of the {}?",
        "At both pictures viewers feel {}. Do they owe it to the {} in the first and to "
        "the {} in the second?",
        "Is this the reason why viewers feel {}: the {} in the first picture, the {} in "
        "the second?",
        "When viewers feel {}, do they put it down to the {} at the first picture and to "
        "the {} at the second?",
    ),
    ask=_ask,
    fills=("emotion", "element", "other_element"),
    cell=("emotion",),
    proof=("things",),
)
