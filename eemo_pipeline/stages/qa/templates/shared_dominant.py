"""Is the named emotion dominant in both images? Yes or no.

If the answer is no, it is dominant in one of them in two of three questions, and otherwise in none
(51 and 26 of 77 in EEmo-Bench).
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import ask_evenly, unit
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_IN_NONE = 26 / 77


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    wants_none = unit(pl.col("base"), purpose, "none") < _IN_NONE
    answers = {}
    for emotion in EKMAN_7:
        one, two = (pl.col(f"dominant_emotion_{side}") == emotion for side in (1, 2))
        answers[emotion] = pl.when((one & two) | ((~one & ~two) == wants_none)).then(one & two)
    return ask_evenly(
        facts.paired("dominant_emotion", "dominant_emotion"), answers, purpose
    ).select(*("first", "second", "base", "split", "asked"), pl.col("answered").alias("is_yes"))


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
        "Is {} the main response to the first picture as well as to the second?",
        "Does {} lead among the emotions that viewers report for each picture?",
        "Are the two pictures alike in that the strongest response to them is {}?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("dominant_emotion",),
)
