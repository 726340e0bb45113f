"""Is the named emotion among the three main ones of both images? Yes or no.

If the answer is no, nine in ten questions name an emotion of exactly one of the images, as in
EEmo-Bench (69 of 77).
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import ask_evenly, unit
from eemo_pipeline.stages.qa.emotion_questions import is_ranked
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_IN_ONE = 69 / 77


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    wants_one = unit(pl.col("base"), purpose, "one") < _IN_ONE
    answers = {}
    for emotion in EKMAN_7:
        one, two = is_ranked(emotion, "_1"), is_ranked(emotion, "_2")
        answers[emotion] = pl.when((one & two) | ((one ^ two) == wants_one)).then(one & two)
    return ask_evenly(facts.paired("rank_1", *RANKS), answers, purpose).select(
        *("first", "second", "base", "split", "asked"), pl.col("answered").alias("is_yes")
    )


TEMPLATE = QaTemplate(
    name="shared_top3",
    category="pair_perception",
    question_type="yes_no",
    claim="both_in_top3",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Is {} among the three main emotions of both pictures?",
        "Do the first picture and the second both have {} among their three main emotions?",
        "Is {} one of the three strongest emotions at each of the pictures?",
        "Do viewers count {} among their three main responses to both pictures?",
        "Does {} have a place among the top three emotions of each picture?",
        "Are the two pictures alike in that {} is one of their three main emotions?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("ranking",),
)
