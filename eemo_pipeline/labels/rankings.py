"""The three strongest Ekman emotions of each picture, where they are distinct.

Belongs here: the gradient rule and the reasons for a refusal. Does not belong here: mapping of
labels (`labels/emotions.py`).

The rule (EEmoDB, appendix C.5, with thresholds of our own, since the published ones are lost):
p1 > p2 > p3 > p4 and p3 > 0, and every gap is at least one vote where the raters are counted,
else at least 0.05 of the mass.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.schema.tables import TABLES

RANKING_LENGTH = 3
SMALLEST_GAP = 0.05
# Masses are rounded to 6 decimals and published probabilities to 6 or 7: equal shares may
# differ by 1e-6, and a whole vote may fall short by some 1e-6 times the number of raters.
_ROUNDING = 1.5e-6
_VOTE_TOLERANCE = 0.001


def build_rankings(dedup__images: pl.DataFrame, labels__emotions: pl.DataFrame) -> pl.DataFrame:
    """One row per kept picture: its ranking, or why it has none.

    `status` is ok or refused; reasons: no_labels, too_few_emotions, tie, gap_too_small.
    `dominant_emotion` is set wherever the first mass is strictly above the second.

    Returns:
        A frame of `labels__rankings`.
    """
    ordered = (
        labels__emotions.filter(pl.col("taxonomy") == "ekman7")
        .sort(["image_id", "mass", "emotion"], descending=[False, True, False])
        .group_by("image_id", maintain_order=True)
        .agg("emotion", "mass", pl.col("rater_count").first(), pl.col("lost_mass").first())
    )
    places = range(len(EKMAN_7) + 1)
    masses = [
        pl.col("mass").list.get(place, null_on_oob=True).fill_null(0.0).alias(f"p{place + 1}")
        for place in places[: RANKING_LENGTH + 1]
    ]
    gaps = [pl.col(f"p{place}") - pl.col(f"p{place + 1}") for place in (1, 2, 3)]
    one_vote = (1.0 - _VOTE_TOLERANCE) / pl.col("rater_count")
    smallest = pl.when(pl.col("rater_count") > 0).then(one_vote).otherwise(SMALLEST_GAP - _ROUNDING)
    reason = (
        pl.when(pl.col("mass").is_null())
        .then(pl.lit("no_labels"))
        .when(pl.col("p3") <= 0)
        .then(pl.lit("too_few_emotions"))
        .when(pl.min_horizontal(gaps) <= _ROUNDING)
        .then(pl.lit("tie"))
        .when(pl.min_horizontal(gaps) < smallest)
        .then(pl.lit("gap_too_small"))
    )
    is_ranked = pl.col("reason").is_null()
    has_labels = pl.col("mass").is_not_null()
    return (
        dedup__images.select("image_id")
        .join(ordered, on="image_id", how="left")
        .with_columns(masses)
        .with_columns(reason.alias("reason"))
        .with_columns(
            pl.when(is_ranked).then(pl.lit("ok")).otherwise(pl.lit("refused")).alias("status"),
            pl.when(is_ranked).then(pl.col("emotion").list.head(RANKING_LENGTH)).alias("ranking"),
            pl.when(gaps[0] > _ROUNDING)
            .then(pl.col("emotion").list.first())
            .alias("dominant_emotion"),
            pl.when(has_labels).then(gaps[0].round(6)).alias("margin"),
        )
        .select(TABLES["labels__rankings"].columns)
        .sort("image_id")
    )
