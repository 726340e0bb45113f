"""In which of two images is the named emotion dominant: first, second, both or neither?

The four answers are equally frequent for each emotion (32, 27, 18 and 19 of 96 in EEmo-Bench), so
that an emotion that is often dominant does not give the answer away.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.pair_options import ask_side
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    first, second = (pl.col(f"dominant_emotion_{side}") for side in (1, 2))
    found = {emotion: (first == emotion, second == emotion) for emotion in EKMAN_7}
    return ask_side(facts.paired("dominant_emotion", "dominant_emotion"), found, purpose)


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
        "To which of the pictures is {} the main response?",
        "Where does {} lead among the emotions that viewers report?",
        "Which of the two pictures has {} as its strongest emotion?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    answers=4,
    proof=("dominant_emotion",),
)
