"""Draws of emotions based on human reports, shared by the templates about emotions.

Holds the eligibility of emotions and their places in rankings.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import pick
from eemo_pipeline.stages.qa.facts import RANKS, any_of

_UNRANKED = 4


def is_ranked(emotion: pl.Expr | str, side: str = "") -> pl.Expr:
    """Return whether the emotion is among the main three; `side` is "_1" or "_2" for a pair."""
    return any_of([f"{rank}{side}" for rank in RANKS], emotion)


def place_of(emotion: pl.Expr, side: str = "") -> pl.Expr:
    """Return 1, 2 or 3 for the emotions of the ranking, 4 for all others."""
    place: pl.Expr = pl.lit(_UNRANKED)
    for number, rank in reversed(list(enumerate(RANKS, start=1))):
        place = pl.when(pl.col(f"{rank}{side}") == emotion).then(number).otherwise(place)
    return place


def pick_ranked(pictures: pl.DataFrame, count: int, *purpose: str) -> pl.DataFrame:
    """Add `pick_1` ...: emotions of the ranking, in random order."""
    inside = {emotion: is_ranked(emotion) for emotion in EKMAN_7}
    return pick(pictures, inside, count, *purpose, "inside")


def pick_unranked(pictures: pl.DataFrame, count: int, *purpose: str) -> pl.DataFrame:
    """Add `pick_1` ...: emotions outside the ranking, in random order."""
    outside = {emotion: ~is_ranked(emotion) for emotion in EKMAN_7}
    return pick(pictures, outside, count, *purpose, "outside")


def with_rivals(pictures: pl.DataFrame, *purpose: str) -> pl.DataFrame:
    """Add two drawn rivals of the dominant emotion of either kind, null if there are fewer.

    `reported_1`, `reported_2`: other emotions of the ranking, or, if the image has no ranking,
    other emotions that people reported. `unreported_1`, `unreported_2`: the remaining ones.
    """
    for kind in ("reported", "unreported"):
        eligible = {}
        for emotion in EKMAN_7:
            is_reported = (
                pl.when(pl.col(RANKS[0]).is_not_null())
                .then(is_ranked(emotion))
                .otherwise(pl.col(f"mass_{emotion}") > 0)
            )
            fits = is_reported if kind == "reported" else ~is_reported
            eligible[emotion] = fits & (pl.col("dominant_emotion") != emotion)
        pictures = pick(pictures, eligible, 2, *purpose, kind).rename(
            {"pick_1": f"{kind}_1", "pick_2": f"{kind}_2"}
        )
    return pictures
