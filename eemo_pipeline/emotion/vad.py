"""Points in valence-arousal-dominance space: anchors, distance, levels and rating scales.

Numbers are on the 0-1 scale unless a name says raw.
"""

import math
from typing import Literal, NamedTuple, get_args

import polars as pl

# How a scale 1-9 or 1-10 comes to 0-1: x/10, or (x-lo)/(hi-lo) as every other scale.
Scaling = Literal["tenth", "stretched"]


class Vad(NamedTuple):
    """A point: valence, arousal and dominance, each 0-1."""

    valence: float
    arousal: float
    dominance: float


# Ratings 1-9 of the words themselves in Warriner, Kuperman and Brysbaert 2013, "Norms of valence,
# arousal, and dominance for 13,915 English lemmas", Behavior Research Methods 45.
MIKELS_RAW_ANCHORS = {
    "amusement": Vad(7.0, 4.82, 6.59),
    "anger": Vad(2.5, 5.93, 5.14),
    "awe": Vad(6.85, 3.83, 5.85),
    "contentment": Vad(6.62, 4.6, 6.58),
    "disgust": Vad(3.32, 5.0, 4.84),
    "excitement": Vad(7.62, 6.21, 6.33),
    "fear": Vad(2.93, 6.14, 3.32),
    "sadness": Vad(2.4, 2.81, 3.84),
}
# Mean valence and arousal, -4 to 4, that a model gave 5,000 generated images of each emotion in a
# public pilot of AIGIEmo. People's ratings far from them do not fit the emotion that they name.
PILOT_RATINGS = {
    "amusement": (2.9, 2.2),
    "anger": (-2.0, 3.1),
    "awe": (2.9, 2.5),
    "contentment": (2.9, 1.4),
    "disgust": (-2.3, 2.2),
    "excitement": (2.9, 3.4),
    "fear": (-2.3, 3.1),
    "sadness": (-2.2, 0.8),
}
# By the x/10 rule, as EEmoDB normalises the same norms.
MIKELS_ANCHORS = {
    emotion: Vad(*(round(value / 10, 6) for value in raw))
    for emotion, raw in MIKELS_RAW_ANCHORS.items()
}
# Mean over all words of the same norms (5.06, 4.21, 5.18): the point without a particular emotion.
NEUTRAL = Vad(0.506, 0.421, 0.518)

# Anchors of the Ekman emotions as EEmoDB publishes them (Table 6), by the x/10 rule.
PUBLISHED_CENTROIDS = {
    "anger": Vad(0.2160, 0.6575, 0.5032),
    "disgust": Vad(0.3651, 0.4591, 0.5024),
    "fear": Vad(0.4093, 0.7010, 0.4415),
    "joy": Vad(0.6605, 0.5017, 0.6320),
    "neutral": Vad(0.5283, 0.3603, 0.6027),
    "sadness": Vad(0.2098, 0.3250, 0.3707),
    "surprise": Vad(0.5069, 0.5077, 0.5326),
}

# Weights of the squared differences in EEmoDB's emotion similarity (its Eq. 3).
DISTANCE_WEIGHTS = Vad(0.5, 0.3, 0.2)
# Scale of the softmax over anchors, our choice. The two nearest anchors, awe and contentment, are
# 0.056 apart, so an image on one of them gives the other a third of its probability.
TEMPERATURE = 0.05
LOW_BELOW, HIGH_ABOVE = 0.4, 0.6
OUTSIDE_SCALE = "outside_scale"


def distance(one: Vad, other: Vad) -> float:
    """Return the weighted Euclidean distance sqrt(0.5 dV^2 + 0.3 dA^2 + 0.2 dD^2)."""
    squares = (
        weight * (left - right) ** 2
        for weight, left, right in zip(DISTANCE_WEIGHTS, one, other, strict=True)
    )
    return math.sqrt(sum(squares))


def emotion_probabilities(point: Vad) -> dict[str, float]:
    """Return the probability of each Mikels emotion, most likely first, ties in alphabetical order.

    Softmax of the negative distance to the anchor over TEMPERATURE, six decimals.
    """
    weights = {
        emotion: math.exp(-distance(point, anchor) / TEMPERATURE)
        for emotion, anchor in MIKELS_ANCHORS.items()
    }
    total = sum(weights.values())
    ranked = sorted(weights, key=lambda emotion: (-weights[emotion], emotion))
    return {emotion: round(weights[emotion] / total, 6) for emotion in ranked}


def level(value: float) -> str:
    """Return the level of a value: low below 0.4, high above 0.6, medium between, ends included."""
    return "low" if value < LOW_BELOW else "high" if value > HIGH_ABOVE else "medium"


def levels(value: pl.Expr) -> pl.Expr:
    """Apply `level` to a column; null stays null."""
    return (
        pl.when(value.is_null())
        .then(None)
        .when(value < LOW_BELOW)
        .then(pl.lit("low"))
        .when(value > HIGH_ABOVE)
        .then(pl.lit("high"))
        .otherwise(pl.lit("medium"))
    )


def parse_scaling(text: str) -> Scaling:
    """Return the scaling of that name.

    Raises:
        ValueError: there is no such scaling.
    """
    for known in get_args(Scaling):
        if text == known:
            return known
    raise ValueError(f"no scaling {text!r}; it is one of {', '.join(get_args(Scaling))}")


def normalise_rating(
    value: float, scale_min: float, scale_max: float, scaling: Scaling = "tenth"
) -> tuple[float | None, str]:
    """Return a rating on 0-1, and the rule that converted it.

    By `tenth`, scales 1-9 and 1-10 are divided by ten, as in EEmoDB (its level words and published
    anchors fit no other rule), and all others are stretched from their ends to 0 and 1. By
    `stretched`, all are: some numbers in EEmo-Logic's figures fit only that. A value outside its
    scale, or a scale without width, cannot be converted: None, with the rule `outside_scale`.
    """
    # NaN compares as false and ends here too.
    if not (scale_min < scale_max and scale_min <= value <= scale_max):
        return None, OUTSIDE_SCALE
    if scaling == "tenth" and scale_min == 1 and scale_max in (9, 10):
        return round(value / 10, 6), "x/10"
    width = scale_max - scale_min
    moved = f"(x{-scale_min:+g})" if scale_min else "x"
    return round((value - scale_min) / width, 6), f"{moved}/{width:g}"


def normalised_ratings(
    value: pl.Expr, scale_min: pl.Expr, scale_max: pl.Expr, scaling: Scaling = "tenth"
) -> pl.Expr:
    """Apply `normalise_rating` to columns: a struct with the fields `value` and `rule`.

    Both fields are null where the value or an end of the scale is null.
    """
    is_given = value.is_not_null() & scale_min.is_not_null() & scale_max.is_not_null()
    is_inside = (scale_min < scale_max) & value.is_between(scale_min, scale_max)
    is_tenth = (scale_min == 1) & scale_max.is_in([9.0, 10.0]) & (scaling == "tenth")
    width = scale_max - scale_min
    stretched = pl.when(is_tenth).then(value / 10).otherwise((value - scale_min) / width)
    moved = (
        pl.when(scale_min > 0)
        .then(pl.format("(x-{})", _number(scale_min)))
        .when(scale_min < 0)
        .then(pl.format("(x+{})", _number(-scale_min)))
        .otherwise(pl.lit("x"))
    )
    rule = (
        pl.when(~is_inside)
        .then(pl.lit(OUTSIDE_SCALE))
        .when(is_tenth)
        .then(pl.lit("x/10"))
        .otherwise(pl.format("{}/{}", moved, _number(width)))
    )
    return pl.struct(
        pl.when(is_given & is_inside).then(stretched.round(6)).alias("value"),
        pl.when(is_given).then(rule).alias("rule"),
    )


def _number(value: pl.Expr) -> pl.Expr:
    """Return a number as text, whole ones without a decimal point."""
    text = value.cast(pl.Float64).round(6).cast(pl.String)
    return text.str.strip_suffix(".0")
