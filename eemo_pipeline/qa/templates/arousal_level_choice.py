"""Which level of arousal does the picture evoke? Three options."""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.levels import choose_level
from eemo_pipeline.qa.templates import QaTemplate

_SENTENCES = (
    "How strong is the arousal that this picture evokes?",
    "Which level of activation do viewers feel at this picture?",
    "Between calm and excited, what level of arousal does this picture cause?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    return choose_level(facts, seed, "arousal_level_choice", "arousal", _SENTENCES)


TEMPLATE = QaTemplate("arousal_level_choice", "perception", "what_how", _build)
