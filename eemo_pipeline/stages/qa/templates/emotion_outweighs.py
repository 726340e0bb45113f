"""Does one emotion outweigh another one? Yes or no, by their places in the ranking.

One of the two is among the three main emotions; the other has another place or is unranked.
"""

import polars as pl

from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.intensity_questions import ask_intensity
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    return ask_intensity(facts.having("rank_1"), ("",), purpose).select(
        pl.col("row").alias("first"), "base", "split", "is_yes", "asked", "other"
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
        "Is {} a stronger response to this picture than {}?",
        "Comparing {} with {}, is the first of the two the stronger one at this picture?",
        "Does {} come before {} in what viewers feel at this picture?",
        "Is {} ahead of {} among the emotions that viewers report here?",
    ),
    depicted=(
        "Does {} outweigh {} in what the people in this picture seem to feel?",
        "Is {} stronger than {} in the people shown here, as it seems?",
        "Comparing {} with {}, do the people in this picture seem to feel the first more strongly?",
    ),
    ask=_ask,
    fills=("asked", "other"),
    cell=("asked", "other"),
    proof=("ranking",),
)
