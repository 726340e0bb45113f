"""Draws of emotions based on human reports, shared by the templates about emotions.

Holds the eligibility of emotions and their places in rankings.
"""

from collections.abc import Mapping

import polars as pl

from eemo_pipeline.stages.qa.column_draws import MOST_WEIGHT, pick
from eemo_pipeline.stages.qa.facts import RANKS, any_of

_UNRANKED = 4
# Prefix of the columns that say which emotions may become wrong options.
MAY = "may_"


def is_ranked(emotion: pl.Expr | str, side: str = "") -> pl.Expr:
    """Return whether the emotion is among the main three; `side` is "_1" or "_2" for a pair."""
    return any_of([f"{rank}{side}" for rank in RANKS], emotion)


def place_of(emotion: pl.Expr, side: str = "") -> pl.Expr:
    """Return 1, 2 or 3 for the emotions of the ranking, 4 for all others."""
    place: pl.Expr = pl.lit(_UNRANKED)
    for number, rank in reversed(list(enumerate(RANKS, start=1))):
        place = pl.when(pl.col(f"{rank}{side}") == emotion).then(number).otherwise(place)
    return place


def is_reported(emotion: str) -> pl.Expr:
    """Return whether people report the emotion: it is ranked or, without a ranking, has mass."""
    return (
        pl.when(pl.col(RANKS[0]).is_not_null())
        .then(is_ranked(emotion))
        .otherwise(pl.col(f"mass_{emotion}") > 0)
    )


def with_options(
    frame: pl.DataFrame,
    right: Mapping[str, pl.Expr],
    wrong: Mapping[str, pl.Expr],
    *purpose: str,
) -> pl.DataFrame:
    """Add `correct`, one of the right emotions, and may_<emotion> for every wrong one.

    An emotion that is rarely a wrong option is drawn as the right one more rarely.
    """
    counts = frame.select(
        *(fits.sum().alias(f"right_{name}") for name, fits in right.items()),
        *(fits.sum().alias(f"wrong_{name}") for name, fits in wrong.items()),
    ).row(0, named=True)
    weights = _weights(
        {
            name: (counts[f"wrong_{name}"] or 0) / max(1, counts[f"right_{name}"] or 0)
            for name in right
        }
    )
    return (
        pick(frame, right, 1, *purpose, "right", weights=weights)
        .rename({"pick_1": "correct"})
        .with_columns(fits.alias(f"{MAY}{name}") for name, fits in wrong.items())
    )


def draw_wrong(asked: pl.DataFrame, count: int, *purpose: str) -> pl.DataFrame:
    """Add wrong_1 ... among the emotions whose column may_<emotion> is true.

    An emotion is drawn in proportion to how often it is right, so that the options do not give the
    answer away.
    """
    may = [name for name in asked.columns if name.startswith(MAY)]
    often = dict(asked["correct"].value_counts().iter_rows())
    eligible = asked.select(pl.col(may).sum()).row(0, named=True) if may else {}
    weights = _weights(
        {
            name.removeprefix(MAY): often.get(name.removeprefix(MAY), 0) / max(1, eligible[name])
            for name in may
        }
    )
    fits = {name.removeprefix(MAY): pl.col(name) for name in may}
    return (
        pick(asked, fits, count, *purpose, "wrong", weights=weights)
        .drop(may)
        .rename({f"pick_{number}": f"wrong_{number}" for number in range(1, count + 1)})
    )


def _weights(shares: Mapping[str, float]) -> dict[str, pl.Expr | int]:
    most = max(shares.values(), default=0.0) or 1.0
    return {name: max(1, round(MOST_WEIGHT * share / most)) for name, share in shares.items()}
