"""Two emotions of which one is stronger: in a ranking, or in both rankings of a pair of images."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import ask_evenly
from eemo_pipeline.stages.qa.emotion_questions import is_ranked, place_of

_BETWEEN = " > "


def ask_intensity(rows: pl.DataFrame, sides: tuple[str, ...], purpose: str) -> pl.DataFrame:
    """Add `asked` and `other`, two emotions, and `is_yes`, whether the first is the stronger one.

    Each ranking contains at least one of the two, so it determines which is stronger. With two
    sides, it must be the stronger one in both.

    Args:
        rows: has the rankings' columns.
        sides: ("",) for one image, or ("_1", "_2").
        purpose: the purpose of all draws.
    """
    answers = {}
    for asked in EKMAN_7:
        for other in EKMAN_7:
            if asked == other:
                continue
            is_told = pl.all_horizontal(
                is_ranked(asked, side) | is_ranked(other, side) for side in sides
            )
            is_stronger = pl.all_horizontal(
                place_of(pl.lit(asked), side) < place_of(pl.lit(other), side) for side in sides
            )
            answers[f"{asked}{_BETWEEN}{other}"] = pl.when(is_told).then(is_stronger)
    both = pl.col("asked").str.split(_BETWEEN)
    return (
        ask_evenly(rows, answers, purpose)
        .rename({"answered": "is_yes"})
        .with_columns(asked=both.list.first(), other=both.list.last())
    )
