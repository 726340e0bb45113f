"""The evidence for a text on an image's emotions: measures, reports, words of explanations.

Collects per image and emotion its strength and the evidence for it. The words that explanations
share are computed in `comments.py`.

The evidence for an emotion is a measured cue that colour psychology relates to it, and the words
that several people use to explain it.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.texts.comments import shared_words
from eemo_pipeline.stages.texts.reported_emotions import choose_comments

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
# (Valdez and Mehrabian 1994, equations 1 and 2). Contrast and detail represent activity.
_EXPECTED = {
    "anger": ("sharp contrast", "vivid colours"),
    "disgust": ("muted colours", "dense detail"),
    "fear": ("dim light", "sharp contrast"),
    "joy": ("bright light", "vivid colours"),
    "neutral": ("weak contrast", "muted colours", "lack of detail"),
    "sadness": ("dim light", "muted colours"),
    "surprise": ("vivid colours", "sharp contrast", "dense detail"),
}
# (dimension, level) -> cues related to it by the same equations
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
    """Return the three strongest Ekman emotions of each kept image, with their evidence.

    Returns:
        image_id, place (0 is the strongest), emotion, mass, mass_above, mass_below, is_evoked
        (true if viewers feel it, false if depicted people seem to), cue (null if no related cue
        was measured), words (null if explanations share none), comments (null if there are none).
        Sorted by image_id and place.
    """
    kept = dedup__images.select("image_id", *MEASURES)
    annotations = ingest__annotations.join(kept, on="image_id", how="semi")
    return (
        _strongest(labels__emotions.join(kept, on="image_id", how="semi"))
        .join(_evoked(annotations), on="image_id", how="left")
        .join(kept, on="image_id", how="left")
        .join(shared_words(annotations), on=["image_id", "emotion"], how="left")
        .join(choose_comments(annotations), on=["image_id", "emotion"], how="left")
        .with_columns(_cue().alias("cue"), pl.col("is_evoked").fill_null(value=True))
        .drop(MEASURES)
        .sort("image_id", "place")
    )


def has_cue(name: str) -> pl.Expr:
    """Return whether a cue was measured; null without the measure."""
    column, side, threshold = CUES[name]
    return pl.col(column) > threshold if side == "above" else pl.col(column) < threshold


def level_cue(dimension: str, level: pl.Expr) -> pl.Expr:
    """Return the first measured cue that is related to the level of a dimension, else null."""
    chosen: pl.Expr = pl.lit(None, dtype=pl.String)
    for (of, word), names in _LEVEL_CUES.items():
        for name in reversed(names if of == dimension else ()):
            chosen = pl.when((level == word) & has_cue(name)).then(pl.lit(name)).otherwise(chosen)
    return chosen


def _strongest(emotions: pl.DataFrame) -> pl.DataFrame:
    """Return each image's three strongest Ekman emotions, with their place and neighbours."""
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
    """Return whether labels report the feelings of viewers or those of depicted people."""
    return (
        annotations.filter(pl.col("native_labels").list.len() > 0)
        .group_by("image_id")
        .agg((pl.col("semantics") == "evoked").any().alias("is_evoked"))
    )


def _cue() -> pl.Expr:
    """Return the first measured cue among those related to the emotion, else null."""
    chosen: pl.Expr = pl.lit(None, dtype=pl.String)
    for emotion in EKMAN_7:
        for name in reversed(_EXPECTED[emotion]):
            is_met = (pl.col("emotion") == emotion) & has_cue(name)
            chosen = pl.when(is_met).then(pl.lit(name)).otherwise(chosen)
    return chosen
