"""Is a felt emotion caused by the named element? Yes or no.

For "yes" the reasoning ties the element to the emotion; for "no" it does not mention it.
"""

import polars as pl

from eemo_pipeline.stages.qa.cause_questions import with_pictures
from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    return (
        with_pictures(facts)
        .with_columns(is_yes=unit(pl.col("base"), purpose, "truth") < 0.5)
        .select(
            "first",
            "base",
            "split",
            "is_yes",
            "emotion",
            pl.when("is_yes").then("element").otherwise("distractor_1").alias("element"),
        )
    )


TEMPLATE = QaTemplate(
    name="caused_by",
    category="perception",
    question_type="yes_no",
    claim="caused_by",
    needs=("has_reasonings",),
    sentences=(
        "Some viewers of this picture feel {}. Does the {} in it lead to this?",
        "Does the {} at this picture come from the {} in it?",
        "Is {} evoked here because of the {}?",
    ),
    ask=_ask,
    fills=("emotion", "element"),
    cell=("emotion",),
)
