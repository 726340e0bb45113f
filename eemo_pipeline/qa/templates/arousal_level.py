"""Is the arousal that the picture evokes low, moderate or high? Yes or no."""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.levels import verify_level
from eemo_pipeline.qa.templates import QaTemplate

_SENTENCES = (
    "Does this picture evoke {} arousal in its viewers?",
    "Is the level of activation that viewers feel at this picture {}?",
    "Between calm and excited, would you rate the arousal this picture causes as {}?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    return verify_level(facts, seed, "arousal_level", "arousal", _SENTENCES)


TEMPLATE = QaTemplate("arousal_level", "perception", "yes_no", _build)
