"""Is one emotion stronger than another one in both images? Yes or no, by both rankings.

Each ranking contains at least one of the two emotions, so it determines which is stronger.
"""

import polars as pl

from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.intensity_questions import ask_intensity
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    return ask_intensity(facts.paired("rank_1", *RANKS), ("_1", "_2"), purpose).select(
        "first", "second", "base", "split", "is_yes", "asked", "other"
    )


TEMPLATE = QaTemplate(
    name="both_outweigh",
    category="pair_perception",
    question_type="yes_no",
    claim="both_outweigh",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Is {} stronger than {} in both pictures?",
        "Does {} outweigh {} at the first picture as well as at the second?",
        "Is {} felt more strongly than {} at each of the two pictures?",
        "Comparing {} with {}, is the first of the two the stronger one in both pictures?",
        "Does {} come before {} in what viewers feel at both pictures?",
        "Are the two pictures alike in that {} is a stronger response to them than {}?",
    ),
    ask=_ask,
    fills=("asked", "other"),
    cell=("asked", "other"),
    proof=("ranking",),
)
