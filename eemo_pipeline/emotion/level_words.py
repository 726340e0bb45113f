"""The words for levels of valence, arousal and dominance, for whoever asks or writes about them.

Belongs here: the words. Does not belong here: thresholds (`vad.py`).
"""

import polars as pl

from eemo_pipeline.emotion.vad import levels

# The words for low, medium and high.
LEVEL_WORDS: dict[str, tuple[str, str, str]] = {
    "valence": ("negative", "neutral", "positive"),
    "arousal": ("low", "moderate", "high"),
    "dominance": ("low", "moderate", "high"),
}


def level_of(dimension: str, value: pl.Expr) -> pl.Expr:
    """The level word of a 0-1 value; null where the value is null."""
    words = dict(zip(("low", "medium", "high"), LEVEL_WORDS[dimension], strict=True))
    return levels(value).replace_strict(words, return_dtype=pl.String)
