"""Which level of valence does the picture evoke? Three options."""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.levels import choose_level
from eemo_pipeline.qa.templates import QaTemplate

_SENTENCES = (
    "Which word describes the valence of the feeling that this picture evokes?",
    "How would viewers rate this picture between unpleasant and pleasant?",
    "What is the emotional tone that this picture leaves in its viewers?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    return choose_level(facts, seed, "valence_level_choice", "valence", _SENTENCES)


TEMPLATE = QaTemplate("valence_level_choice", "perception", "what_how", _build)
