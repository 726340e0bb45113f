"""The words for levels of valence, arousal and dominance in questions and texts.

The thresholds are in `vad.py`.
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
    """Return the level word of a 0-1 value; null where the value is null."""
    words = dict(zip(("low", "medium", "high"), LEVEL_WORDS[dimension], strict=True))
    return levels(value).replace_strict(words, return_dtype=pl.String)
