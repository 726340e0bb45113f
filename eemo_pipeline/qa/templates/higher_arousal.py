"""Which of two pictures evokes more arousal?"""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.levels import choose_higher
from eemo_pipeline.qa.templates import QaTemplate

_SENTENCES = (
    "Which picture evokes the stronger arousal?",
    "In which of the two pictures is the evoked activation higher?",
    "Which of these pictures excites its viewers more?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    return choose_higher(facts, seed, "higher_arousal", "arousal", _SENTENCES)


TEMPLATE = QaTemplate("higher_arousal", "pair_perception", "what_how", _build)
