"""Do both pictures evoke the asked level of valence? Yes or no."""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.levels import verify_both_levels
from eemo_pipeline.qa.templates import QaTemplate

_SENTENCES = (
    "Is the valence of the feeling that each of the two pictures evokes {}?",
    "Do both pictures leave viewers with a {} emotional tone?",
    "Would viewers call both of these pictures {} in valence?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    return verify_both_levels(facts, seed, "both_valence_level", "valence", _SENTENCES)


TEMPLATE = QaTemplate("both_valence_level", "pair_perception", "yes_no", _build)
