"""Is one emotion stronger than another one in both images? Yes or no, by both rankings.

Each ranking contains at least one of the two emotions, so it determines which is stronger.
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.emotion_questions import is_ranked, place_of
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.intensity_questions import with_two_emotions
from eemo_pipeline.stages.qa.templates import QaTemplate

# Share of questions whose order of the emotions is the reverse of the first image's ranking.
_SWAPPED = 1 / 4


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    asked, other = pl.col("asked"), pl.col("other")
    drawn = with_two_emotions(facts.paired("rank_1", *RANKS), purpose, "_1")
    is_upright = (place_of(asked, "_1") < place_of(other, "_1")) ^ (
        unit(pl.col("base"), purpose, "swap") < _SWAPPED
    )
    return (
        drawn.filter(is_ranked(asked, "_2") | is_ranked(other, "_2"))
        .with_columns(
            pl.when(is_upright).then(asked).otherwise(other).alias("asked"),
            pl.when(is_upright).then(other).otherwise(asked).alias("other"),
        )
        .select(
            "first",
            "second",
            "base",
            "split",
            pl.all_horizontal(
                place_of(asked, side) < place_of(other, side) for side in ("_1", "_2")
            ).alias("is_yes"),
            "asked",
            "other",
        )
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
        "In each of the two pictures, do viewers feel more {} than {}?",
    ),
    ask=_ask,
    fills=("asked", "other"),
    cell=("asked",),
    proof=("ranking",),
)
