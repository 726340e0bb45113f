"""How what is visible leads to the emotions people reported: `texts__reasonings`.

Belongs here: the paragraph and its cues. Does not belong here: guards (`guards.py`), and what
comments dwell on (`comments.py`).

Each emotion is tied to what was measured where colour psychology expects the tie, and to the
words that several people use when they explain it. Where neither is there, the text says so.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.texts.comments import KEYWORD_COUNT, shared_words
from eemo_pipeline.texts.guards import judged
from eemo_pipeline.texts.wording import joined

METHOD = (
    "template realisation: reported emotions in descending order, measured light and colour "
    "(direction of effects after Valdez and Mehrabian 1994), and the words that explanations "
    "share"
)
_EMOTION_COUNT = 3
_WIDE_MARGIN = 0.3
_ROUNDING = 1.5e-6
_DARK = ("brightness", "below", 0.45, "the light is dim")
_BRIGHT = ("brightness", "above", 0.6, "the picture is bright")
_VIVID = ("colourfulness", "above", 45.0, "its colours are vivid")
_MUTED = ("saturation", "below", 0.25, "its colours are muted")
_STARK = ("contrast", "above", 0.28, "light and shadow stand sharply against each other")
_FLAT = ("contrast", "below", 0.15, "its contrast is weak")
_BUSY = ("edge_density", "above", 0.18, "it is dense with detail")
_EMPTY = ("edge_density", "below", 0.045, "there is little detail to hold the eye")
# Pleasure rises with brightness and saturation, arousal with saturation and with darkness
# (Valdez and Mehrabian 1994, equations 1 and 2). Contrast and detail stand for activity.
_CUES = {
    "anger": (_STARK, _VIVID),
    "disgust": (_MUTED, _BUSY),
    "fear": (_DARK, _STARK),
    "joy": (_BRIGHT, _VIVID),
    "neutral": (_FLAT, _MUTED, _EMPTY),
    "sadness": (_DARK, _MUTED),
    "surprise": (_VIVID, _STARK, _BUSY),
}


def write_reasonings(
    dedup__images: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
) -> pl.DataFrame:
    """One row per kept picture: the description, then its emotions from strongest to weakest.

    Returns:
        A frame of `texts__reasonings`; reasons no_emotions, no_description and those of the
        guards.
    """
    kept = dedup__images.select("image_id")
    annotations = ingest__annotations.join(kept, on="image_id", how="semi")
    emotions = _strongest(labels__emotions.join(kept, on="image_id", how="semi"))
    sentences = (
        emotions.join(_evoked(annotations), on="image_id", how="left")
        .join(dedup__images.select("image_id", *_measures()), on="image_id", how="left")
        .join(shared_words(annotations), on=["image_id", "emotion"], how="left")
        .with_columns(_sentence().alias("sentence"))
        .sort("image_id", "place")
        .group_by("image_id", maintain_order=True)
        .agg(pl.col("sentence").str.join(" "), pl.col("emotion").alias("emotions"))
    )
    described = texts__descriptions.filter(pl.col("status") == "ok")
    written = (
        kept.join(sentences, on="image_id", how="left")
        .join(described.select("image_id", "text"), on="image_id", how="left")
        .join(labels__rankings.select("image_id", "margin"), on="image_id", how="left")
        .with_columns(
            pl.when(pl.col("sentence").is_null())
            .then(pl.lit("no_emotions"))
            .when(pl.col("text").is_null())
            .then(pl.lit("no_description"))
            .alias("reason"),
            pl.concat_str("text", "sentence", _lead(), separator=" ").alias("text"),
        )
    )
    return judged(written, pl.col("emotions"), METHOD)


def _strongest(emotions: pl.DataFrame) -> pl.DataFrame:
    """The three strongest Ekman emotions of each picture with their place and the one above."""
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
        .filter(pl.col("place") < _EMOTION_COUNT)
    )


def _evoked(annotations: pl.DataFrame) -> pl.DataFrame:
    """Whether the labels say what viewers feel, or what depicted people seem to feel."""
    return (
        annotations.filter(pl.col("native_labels").list.len() > 0)
        .group_by("image_id")
        .agg((pl.col("semantics") == "evoked").any().alias("is_evoked"))
    )


def _measures() -> list[str]:
    return sorted({cue[0] for cues in _CUES.values() for cue in cues})


def _sentence() -> pl.Expr:
    words = joined(pl.col("words").list.head(KEYWORD_COUNT))
    cue = _cue()
    because = (
        pl.when(cue.is_not_null() & words.is_not_null())
        .then(pl.format("because {} and people speak of {}", cue, words))
        .when(cue.is_not_null())
        .then(pl.format("because {}", cue))
        .when(words.is_not_null())
        .then(pl.format("because people speak of {}", words))
        .otherwise(pl.lit("because of what it shows rather than its light or colour"))
    )
    feeling = (
        pl.when(pl.col("emotion") == "neutral").then(pl.lit("a neutral mood")).otherwise("emotion")
    )
    evoked = pl.col("is_evoked").fill_null(value=True)
    opening = pl.when(evoked).then(_viewers_feel()).otherwise(_people_seem_to_feel())
    return pl.format("{} {}, {}.", opening, feeling, because)


def _viewers_feel() -> pl.Expr:
    is_equal = (pl.col("mass_above") - pl.col("mass")) <= _ROUNDING
    is_strict = (pl.col("mass") - pl.col("mass_below")) > _ROUNDING
    first = (
        pl.when(pl.col("mass") > 0.5)
        .then(pl.lit("Most viewers feel"))
        .when(is_strict)
        .then(pl.lit("The largest group of viewers feels"))
        .otherwise(pl.lit("Many viewers feel"))
    )
    later = (
        pl.when(is_equal)
        .then(pl.lit("Just as many feel"))
        .when(pl.col("place") == 1)
        .then(pl.lit("Fewer feel"))
        .otherwise(pl.lit("Fewer still feel"))
    )
    return pl.when(pl.col("place") == 0).then(first).otherwise(later)


def _people_seem_to_feel() -> pl.Expr:
    is_equal = (pl.col("mass_above") - pl.col("mass")) <= _ROUNDING
    return (
        pl.when(pl.col("place") == 0)
        .then(pl.lit("The people in it seem to feel"))
        .when(is_equal)
        .then(pl.lit("To the same degree they seem to feel"))
        .otherwise(pl.lit("To a lesser degree they seem to feel"))
    )


def _cue() -> pl.Expr:
    """The first cue that was measured among those expected of the emotion, else null."""
    chosen: pl.Expr = pl.lit(None, dtype=pl.String)
    for emotion in EKMAN_7:
        for column, side, threshold, words in reversed(_CUES[emotion]):
            value = pl.col(column)
            is_met = value > threshold if side == "above" else value < threshold
            chosen = (
                pl.when((pl.col("emotion") == emotion) & is_met)
                .then(pl.lit(words))
                .otherwise(chosen)
            )
    return chosen


def _lead() -> pl.Expr:
    """How far the first emotion leads the second, where there are two and it leads at all."""
    first, second = (
        pl.col("emotions").list.first(),
        pl.col("emotions").list.get(1, null_on_oob=True),
    )
    wide = pl.format("Therefore {} clearly outweighs {}.", first, second)
    narrow = pl.format("Therefore {} outweighs {} only by a little.", first, second)
    return (
        pl.when(second.is_null())
        .then(pl.lit("No other feeling is reported, so nothing competes with it."))
        .when(pl.col("margin") >= _WIDE_MARGIN)
        .then(wide)
        .when(pl.col("margin") > _ROUNDING)
        .then(narrow)
        .otherwise(pl.lit("Hence no single feeling leads."))
    )
