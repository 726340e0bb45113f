"""Is a felt emotion caused by the named thing? Yes or no.

For "yes" people's explanations of the emotion name the thing; for "no" no explanation of the image
names it, but explanations of the same emotion of other images do.
"""

import polars as pl

from eemo_pipeline.stages.qa.cause_questions import with_causes
from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    return (
        with_causes(facts)
        .with_columns(is_yes=unit(pl.col("base"), purpose, "truth") < 0.5)
        .select(
            *("first", "base", "split", "is_yes", "emotion"),
            pl.when("is_yes").then("element").otherwise("distractor_1").alias("element"),
        )
    )


TEMPLATE = QaTemplate(
    name="caused_by",
    category="perception",
    question_type="yes_no",
    claim="caused_by",
    needs=("cause",),
    sentences=(
        "Some viewers of this picture feel {}. Is this because of the {}?",
        "Do viewers of this picture feel {} because of the {}?",
        "When viewers feel {} at this picture, do they owe it to the {}?",
        "People who feel {} at this picture say why. Do they speak of the {}?",
        "Viewers feel {} at this picture. Can this be put down to the {}?",
        "Is the reason why viewers feel {} at this picture to be found in the {}?",
    ),
    ask=_ask,
    fills=("emotion", "element"),
    cell=("emotion",),
    proof=("things",),
)
