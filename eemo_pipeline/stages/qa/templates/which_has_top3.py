"""Which of two images has the named emotion among its three main ones?

First, second, both or neither, equally frequent for each emotion (50, 33, 31 and 1 of 115 in
EEmo-Bench), so that an emotion that is often a main one does not give the answer away.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.emotion_questions import is_ranked
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.pair_options import ask_side
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    found = {name: (is_ranked(name, "_1"), is_ranked(name, "_2")) for name in EKMAN_7}
    return ask_side(facts.paired("rank_1", *RANKS), found, purpose)


TEMPLATE = QaTemplate(
    name="which_has_top3",
    category="pair_perception",
    question_type="what_how",
    claim="which_top3",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Which picture has {} among its three main emotions?",
        "At which of the two pictures is {} one of the three strongest emotions?",
        "Where do viewers count {} among the three emotions they feel most?",
        "Which of the pictures has {} as one of its three main responses?",
        "At which picture does {} have a place among the top three emotions?",
        "To which of the two pictures does {} belong as a main emotion, counting three for each?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    answers=4,
    proof=("ranking",),
)
