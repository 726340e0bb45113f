"""Which of two pictures evokes the more pleasant feeling?"""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.levels import choose_higher
from eemo_pipeline.qa.templates import QaTemplate

_SENTENCES = (
    "Which picture evokes the more pleasant feeling?",
    "In which of the two pictures is the evoked valence higher?",
    "Which of these pictures leaves viewers in the more positive state?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    return choose_higher(facts, seed, "higher_valence", "valence", _SENTENCES)


TEMPLATE = QaTemplate("higher_valence", "pair_perception", "what_how", _build)
