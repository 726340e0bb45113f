"""In which of two images is the named emotion dominant: first, second, both or neither?

EEmo-Bench answers 18 of 96 such questions with both and 19 with neither. Here at least half of the
pairs share their dominant emotion; three in ten of these are asked about.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import choose, pick, unit
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.pair_options import choose_side
from eemo_pipeline.stages.qa.templates import QaTemplate

_NEITHER_SHARE = 19 / 96
_BOTH_KEPT = 0.3


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    base = pl.col("base")
    first, second = pl.col("dominant_emotion_1"), pl.col("dominant_emotion_2")
    is_kept = (first != second) | (unit(base, purpose, "both") < _BOTH_KEPT)
    absent = {emotion: (first != emotion) & (second != emotion) for emotion in EKMAN_7}
    pairs = facts.paired("dominant_emotion", "dominant_emotion").filter(is_kept)
    asked = (
        pl.when(unit(base, purpose, "neither") < _NEITHER_SHARE)
        .then("pick_1")
        .otherwise(choose([first, second], base, purpose, "asked"))
    )
    drawn = pick(pairs, absent, 1, purpose, "absent").with_columns(asked.alias("asked"))
    return choose_side(drawn, first == pl.col("asked"), second == pl.col("asked"), purpose)


TEMPLATE = QaTemplate(
    name="which_has_dominant",
    category="pair_perception",
    question_type="what_how",
    claim="which_dominant",
    needs=("dominant_emotion",),
    pairs="dominant_emotion",
    sentences=(
        "In which picture is {} the dominant emotion?",
        "At which of the two pictures do viewers feel {} more than any other emotion?",
        "Which picture evokes {} most strongly among its emotions?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("dominant_emotion",),
)
