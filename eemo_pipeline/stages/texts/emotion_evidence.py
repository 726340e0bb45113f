"""The evidence for a text on an image's emotions: measures, reports, words of explanations.

Collects per image and emotion its strength, the things that people name to explain it, and a
measured cue that colour psychology relates to it. What explanations name is computed in
`comments.py`.

A measured cue is a fact about the image, never a cause: nobody said that it leads to the emotion.
Only explanations by people state causes. Viewers' feelings and those that depicted people seem to
have are kept apart: explanations count only if they are about the same as the labels.
"""

from collections.abc import Sequence

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.texts.comments import (
    count_ways,
    list_told,
    read_explanations,
    shared_words,
)
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
# Columns of `comments.count_ways` with numbers of explanations.
COUNTS = (
    *("explanation_count", "seeing_count", "memory_count"),
    *("whole_count", "detail_count"),
)
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
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
) -> pl.DataFrame:
    """Return the three strongest Ekman emotions of each kept image, with their evidence.

    They have the order of the image's ranking; without one, that of their mass.

    Returns:
        image_id, place (0 is the strongest), emotion, mass, mass_above, mass_below, is_ranked
        (whether the image has a ranking), is_evoked
        (true if viewers feel it, false if depicted people seem to), cue (null if no related cue
        was measured), words, word_people, people and said_in (see `comments.shared_words`; null
        without explanations), the counts of `comments.count_ways` and `comments.list_told` (of the
        image),
        comments (null if there are none). Sorted by image_id and place.
    """
    kept = dedup__images.select("image_id", *MEASURES)
    named = labels__emotions.join(kept, on="image_id", how="semi")
    strongest = _strongest(named, labels__rankings)
    annotations = _about_the_same(ingest__annotations, strongest)
    explanations = read_explanations(annotations)
    return (
        strongest.join(kept, on="image_id", how="left")
        .join(shared_words(explanations), on=["image_id", "emotion"], how="left")
        .join(count_ways(explanations), on="image_id", how="left")
        .join(list_told(ingest__annotations), on="image_id", how="left")
        .join(choose_comments(annotations), on=["image_id", "emotion"], how="left")
        .with_columns(_cue().alias("cue"))
        .drop(MEASURES)
        .sort("image_id", "place")
    )


def has_cue(name: str) -> pl.Expr:
    """Return whether a cue was measured; null without the measure."""
    column, side, threshold = CUES[name]
    return pl.col(column) > threshold if side == "above" else pl.col(column) < threshold


def level_cue(dimension: str, level: pl.Expr, used: Sequence[pl.Expr] = ()) -> pl.Expr:
    """Return the first measured cue that is related to the level of a dimension, else null.

    Args:
        dimension: valence, arousal or dominance.
        level: its level word.
        used: cues that are left out.
    """
    chosen: pl.Expr = pl.lit(None, dtype=pl.String)
    for (of, word), names in _LEVEL_CUES.items():
        for name in reversed(names if of == dimension else ()):
            is_new = pl.all_horizontal(pl.lit(value=True), *(one.ne_missing(name) for one in used))
            chosen = (
                pl.when((level == word) & has_cue(name) & is_new)
                .then(pl.lit(name))
                .otherwise(chosen)
            )
    return chosen


def _strongest(emotions: pl.DataFrame, rankings: pl.DataFrame) -> pl.DataFrame:
    """Return each image's three strongest Ekman emotions, with their place and neighbours."""
    ranked = rankings.select("image_id", pl.col("ranking").alias("emotion")).drop_nulls()
    places = ranked.explode("emotion").with_columns(
        pl.int_range(pl.len()).over("image_id").alias("ranked_at")
    )
    return (
        emotions.filter(pl.col("taxonomy") == "ekman7")
        .join(places, on=["image_id", "emotion"], how="left")
        .sort(
            ["image_id", "ranked_at", "mass", "emotion"],
            descending=[False, False, True, False],
            nulls_last=True,
        )
        .select(
            "image_id",
            "emotion",
            "mass",
            (pl.col("semantics") != "apparent").fill_null(value=True).alias("is_evoked"),
            pl.col("ranked_at").is_not_null().any().over("image_id").alias("is_ranked"),
            pl.int_range(pl.len()).over("image_id").alias("place"),
            pl.col("mass").shift(1).over("image_id").alias("mass_above"),
            pl.col("mass").shift(-1).over("image_id").fill_null(0.0).alias("mass_below"),
        )
        .filter(pl.col("place") < EMOTION_COUNT)
    )


def _about_the_same(annotations: pl.DataFrame, emotions: pl.DataFrame) -> pl.DataFrame:
    """Return the annotations about viewers, or about depicted people, as the image's labels are."""
    is_evoked = (pl.col("semantics") != "apparent").fill_null(value=True).alias("is_evoked")
    subjects = emotions.select("image_id", "is_evoked").unique()
    return annotations.with_columns(is_evoked).join(
        subjects, on=["image_id", "is_evoked"], how="semi", maintain_order="left"
    )


def _cue() -> pl.Expr:
    """Return the first measured cue among those related to the emotion, else null."""
    chosen: pl.Expr = pl.lit(None, dtype=pl.String)
    for emotion in EKMAN_7:
        for name in reversed(_EXPECTED[emotion]):
            is_met = (pl.col("emotion") == emotion) & has_cue(name)
            chosen = pl.when(is_met).then(pl.lit(name)).otherwise(chosen)
    return chosen
