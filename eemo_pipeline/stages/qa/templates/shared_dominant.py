"""Is the named emotion dominant in both images? Yes or no.

If the answer is no, it is dominant in one of them in two of three questions, and otherwise in none
(51 and 26 of 77 in EEmo-Bench).
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import choose, pick, unit
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_IN_NONE = 26 / 77


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    base = pl.col("base")
    first, second = pl.col("dominant_emotion_1"), pl.col("dominant_emotion_2")
    neither = {emotion: (first != emotion) & (second != emotion) for emotion in EKMAN_7}
    is_none = (first != second) & (unit(base, purpose, "none") < _IN_NONE)
    return pick(
        facts.paired("dominant_emotion", "dominant_emotion"), neither, 1, purpose, "none"
    ).select(
        "first",
        "second",
        "base",
        "split",
        (first == second).alias("is_yes"),
        pl.when(is_none)
        .then("pick_1")
        .otherwise(choose([first, second], base, purpose, "asked"))
        .alias("asked"),
    )


TEMPLATE = QaTemplate(
    name="shared_dominant",
    category="pair_perception",
    question_type="yes_no",
    claim="both_dominant",
    needs=("dominant_emotion",),
    pairs="dominant_emotion",
    sentences=(
        "Is {} the dominant emotion in both pictures?",
        "Do the two pictures have {} in common as the emotion they evoke most strongly?",
        "At both pictures, do viewers feel {} more than any other emotion?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("dominant_emotion",),
)
