"""Draws of emotions by what people reported, shared by the templates about emotions.

Belongs here: eligibility of emotions. Does not belong here: what is asked.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.qa.draws import pick


def pick_in_ranking(pictures: pl.DataFrame, count: int, *purpose: str) -> pl.DataFrame:
    """Add `pick_1` ...: emotions of the ranking, in random order."""
    inside = {emotion: pl.col("ranking").list.contains(emotion) for emotion in EKMAN_7}
    return pick(pictures, inside, count, *purpose, "inside")


def pick_outside_ranking(pictures: pl.DataFrame, count: int, *purpose: str) -> pl.DataFrame:
    """Add `pick_1` ...: emotions that the ranking does not name, in random order."""
    outside = {emotion: ~pl.col("ranking").list.contains(emotion) for emotion in EKMAN_7}
    return pick(pictures, outside, count, *purpose, "outside")


def with_rivals(pictures: pl.DataFrame, *purpose: str) -> pl.DataFrame:
    """Add two drawn rivals of the dominant emotion of either kind, null where there are fewer.

    `reported_1`, `reported_2`: other emotions of the ranking, or, where the picture has no
    ranking, others that people reported. `unreported_1`, `unreported_2`: the remaining ones.
    """
    for kind in ("reported", "unreported"):
        eligible = {}
        for emotion in EKMAN_7:
            is_reported = pl.coalesce(
                pl.col("ranking").list.contains(emotion), pl.col(f"mass_{emotion}") > 0
            )
            fits = is_reported if kind == "reported" else ~is_reported
            eligible[emotion] = fits & (pl.col("dominant_emotion") != emotion)
        pictures = pick(pictures, eligible, 2, *purpose, kind).rename(
            {"pick_1": f"{kind}_1", "pick_2": f"{kind}_2"}
        )
    return pictures
