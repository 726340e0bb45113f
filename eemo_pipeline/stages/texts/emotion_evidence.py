"""What a text on the emotions of a picture may build on: measures, reports, words of explanations.

Belongs here: per picture and emotion, how strong it is and what it can be tied to. Does not belong
here: sentences, and what explanations dwell on (`comments.py`).

Each emotion is tied to what was measured where colour psychology expects the tie, and to the
words that several people use when they explain it.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.texts.comments import shared_words

EMOTION_COUNT = 3
# name -> column, side of the threshold, threshold
CUES: dict[str, tuple[str, str, float]] = {
    "dim light": ("brightness", "below", 0.45),
    "bright light": ("brightness", "above", 0.6),
    "vivid colours": ("colourfulness", "above", 45.0),
    "muted colours": ("saturation", "below", 0.25),
    "sharp contrast": ("contrast", "above", 0.28),
    "weak contrast": ("contrast", "below", 0.15),
    "dense detail": ("edge_density", "above", 0.18),
    "lack of detail": ("edge_density", "below", 0.045),
}
MEASURES = tuple(sorted({column for column, _, _ in CUES.values()}))
# Pleasure rises with brightness and saturation, arousal with saturation and with darkness
# (Valdez and Mehrabian 1994, equations 1 and 2). Contrast and detail stand for activity.
_EXPECTED = {
    "anger": ("sharp contrast", "vivid colours"),
    "disgust": ("muted colours", "dense detail"),
    "fear": ("dim light", "sharp contrast"),
    "joy": ("bright light", "vivid colours"),
    "neutral": ("weak contrast", "muted colours", "lack of detail"),
    "sadness": ("dim light", "muted colours"),
    "surprise": ("vivid colours", "sharp contrast", "dense detail"),
}
# dimension and level -> what goes with it, by the same equations
_LEVEL_CUES = {
    ("valence", "negative"): ("dim light", "muted colours"),
    ("valence", "positive"): ("bright light", "vivid colours"),
    ("arousal", "low"): ("muted colours", "weak contrast", "lack of detail"),
    ("arousal", "high"): ("vivid colours", "sharp contrast", "dense detail"),
    ("dominance", "low"): ("bright light", "muted colours"),
    ("dominance", "high"): ("dim light", "vivid colours"),
}


def gather_grounds(
    dedup__images: pl.DataFrame, labels__emotions: pl.DataFrame, ingest__annotations: pl.DataFrame
) -> pl.DataFrame:
    """The three strongest Ekman emotions of each kept picture, and what they can be tied to.

    Returns:
        image_id, place (0 is the strongest), emotion, mass, mass_above, mass_below, is_evoked
        (whether viewers feel it, or depicted people seem to), cue (null where none was measured
        that is expected of the emotion), words (null where explanations share none). Sorted by
        image_id and place.
    """
    kept = dedup__images.select("image_id", *MEASURES)
    annotations = ingest__annotations.join(kept, on="image_id", how="semi")
    return (
        _strongest(labels__emotions.join(kept, on="image_id", how="semi"))
        .join(_evoked(annotations), on="image_id", how="left")
        .join(kept, on="image_id", how="left")
        .join(shared_words(annotations), on=["image_id", "emotion"], how="left")
        .with_columns(_cue().alias("cue"), pl.col("is_evoked").fill_null(value=True))
        .drop(MEASURES)
        .sort("image_id", "place")
    )


def has_cue(name: str) -> pl.Expr:
    """Whether a cue was measured; null without the measure."""
    column, side, threshold = CUES[name]
    return pl.col(column) > threshold if side == "above" else pl.col(column) < threshold


def level_cue(dimension: str, level: pl.Expr) -> pl.Expr:
    """The first measured cue that goes with the level of a dimension, else null."""
    chosen: pl.Expr = pl.lit(None, dtype=pl.String)
    for (of, word), names in _LEVEL_CUES.items():
        for name in reversed(names if of == dimension else ()):
            chosen = pl.when((level == word) & has_cue(name)).then(pl.lit(name)).otherwise(chosen)
    return chosen


def _strongest(emotions: pl.DataFrame) -> pl.DataFrame:
    """The three strongest Ekman emotions of each picture with their place and neighbours."""
    return (
        emotions.filter(pl.col("taxonomy") == "ekman7")
        .sort(["image_id", "mass", "emotion"], descending=[False, True, False])
        .select(
            "image_id",
            "emotion",
            "mass",
            pl.int_range(pl.len()).over("image_id").alias("place"),
            pl.col("mass").shift(1).over("image_id").alias("mass_above"),
            pl.col("mass").shift(-1).over("image_id").fill_null(0.0).alias("mass_below"),
        )
        .filter(pl.col("place") < EMOTION_COUNT)
    )


def _evoked(annotations: pl.DataFrame) -> pl.DataFrame:
    """Whether the labels say what viewers feel, or what depicted people seem to feel."""
    return (
        annotations.filter(pl.col("native_labels").list.len() > 0)
        .group_by("image_id")
        .agg((pl.col("semantics") == "evoked").any().alias("is_evoked"))
    )


def _cue() -> pl.Expr:
    """The first cue that was measured among those expected of the emotion, else null."""
    chosen: pl.Expr = pl.lit(None, dtype=pl.String)
    for emotion in EKMAN_7:
        for name in reversed(_EXPECTED[emotion]):
            is_met = (pl.col("emotion") == emotion) & has_cue(name)
            chosen = pl.when(is_met).then(pl.lit(name)).otherwise(chosen)
    return chosen
