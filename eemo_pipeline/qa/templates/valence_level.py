"""Is the valence that the picture evokes negative, neutral or positive? Yes or no."""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.levels import verify_level
from eemo_pipeline.qa.templates import QaTemplate

_SENTENCES = (
    "Is the valence of the feeling that this picture evokes {}?",
    "Would you call the emotional tone that viewers take from this picture {}?",
    "On the scale from unpleasant to pleasant, does this picture leave viewers in a {} state?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    return verify_level(facts, seed, "valence_level", "valence", _SENTENCES)


TEMPLATE = QaTemplate("valence_level", "perception", "yes_no", _build)
