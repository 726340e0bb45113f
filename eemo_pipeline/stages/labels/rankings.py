"""The three strongest Ekman emotions of each image, if they are distinct.

Holds the rules that order the emotions and the reasons for refusing a ranking. The mapping of
labels is in `labels/emotions.py`.

A distribution (EEmoDB, appendix C.5, with thresholds of our own, since the published ones are
lost): p1 > p2 > p3 > p4 and p3 > 0, and every gap is at least one vote if the raters are counted,
otherwise at least 0.05 of the mass.

Annotators who choose several labels each, as EMOTIC's do (the same appendix): neighbours are
compared by frequency, the number of annotators who name the emotion; then by weight, the sum of
1/m over annotators who choose m labels; then by order, the sum of the reciprocal of the label's
place in the annotator's list. The paper states that earlier labels weigh more, but not by how
much. Emotions equal in all three are a tie, and the ranking they break is refused.

Native weights have already been scaled to sum to one. A single annotator who chooses one label
gives no ranking (`one_annotator`); several labels of a single annotator are ranked by order alone.
"""

import polars as pl

from eemo_pipeline.aggregation.limits import RANKING_LIMITS, RankingLimits
from eemo_pipeline.emotion.mappings import list_mappings
from eemo_pipeline.schema.tables import TABLES

# Masses are rounded to 6 decimals and published probabilities to 6 or 7: equal shares may
# differ by 1e-6. A whole vote may fall short by more, so it has a tolerance of its own.
_ROUNDING = 1.5e-6
# The mapping whose annotators may choose several labels, in order.
_MULTI_LABEL_RULE = "emotic26>ekman7"
_STAGES = {"frequency": "choice_count", "weight": "weight", "order": "order_score"}


def build_rankings(
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    limits: RankingLimits = RANKING_LIMITS,
) -> pl.DataFrame:
    """One row per kept image: its ranking, or the reason for having none.

    `status` is ok or refused; reasons: no_labels, all_mass_lost (labels, but none that maps),
    one_annotator, too_few_emotions, tie, gap_too_small. `dominant_emotion` is set whenever the
    first emotion is distinct from the second.

    Args:
        dedup__images: the kept images.
        labels__emotions: mapped labels.
        ingest__annotations: annotations, those of dropped near-duplicates moved to the kept image.
        limits: how many emotions a ranking has, and when they are distinct.

    Returns:
        A frame of `labels__rankings`.
    """
    length = limits.ranking_length
    ordered = _ordered(labels__emotions.filter(pl.col("taxonomy") == "ekman7"), length)
    labelled = (
        ingest__annotations.filter(pl.col("native_labels").list.len() > 0)
        .filter(pl.col("label_space").is_in([s for s, t in list_mappings() if t == "ekman7"]))
        .select("image_id", pl.lit(value=True).alias("is_labelled"))
        .unique()
    )
    has_labels = pl.col("emotions").is_not_null()
    return (
        dedup__images.select("image_id")
        .join(ordered, on="image_id", how="left")
        .join(labelled, on="image_id", how="left")
        .with_columns(_reason(limits).alias("reason"))
        .with_columns(
            pl.when(pl.col("reason").is_null())
            .then(pl.lit("ok"))
            .otherwise(pl.lit("refused"))
            .alias("status"),
            pl.when(pl.col("reason").is_null())
            .then(pl.col("emotions").list.head(length))
            .alias("ranking"),
            pl.when(pl.col("stage_1").is_not_null())
            .then(pl.col("emotions").list.first())
            .alias("dominant_emotion"),
            pl.when(pl.col("reason").is_null()).then(_decision(length)).alias("decided_by"),
            pl.when(pl.col("reason") == "tie").then(_tied(length)).alias("tied_emotions"),
            pl.when(has_labels).then(_gap(1).clip(0.0).round(6)).alias("margin"),
            pl.when(pl.col("reason") == "all_mass_lost")
            .then(1.0)
            .otherwise("lost_mass")
            .alias("lost_mass"),
        )
        .select(TABLES["labels__rankings"].columns)
        .sort("image_id")
    )


def _ordered(emotions: pl.DataFrame, length: int) -> pl.DataFrame:
    """Return one row per labelled image: its emotions, strongest first, and how they differ.

    `stage_1` and so on, one per place of a ranking, name the comparison that separates an emotion
    from the next; null if none does.
    """
    is_progressive = (pl.col("rule") == _MULTI_LABEL_RULE).alias("is_progressive")
    # steps of 0.0001, so that values that differ only by rounding stay equal
    steps = (pl.col("mass") * 10_000 + 0.1).floor()
    # a distribution is compared by its mass alone
    compared = emotions.with_columns(is_progressive).with_columns(
        *(
            pl.when("is_progressive").then(name).otherwise(0).alias(name)
            for name in ("choice_count", "order_score")
        ),
        pl.when("is_progressive").then(steps).otherwise("mass").alias("weight"),
    )
    ordered = compared.sort(
        "image_id", *_STAGES.values(), "emotion", descending=[False, True, True, True, False]
    )
    stages = [
        (pl.col(column) - pl.col(column).shift(-1).over("image_id")).abs() > _ROUNDING
        for column in _STAGES.values()
    ]
    is_last = pl.col("emotion").shift(-1).over("image_id").is_null()
    told = (
        pl.when(is_last | (~pl.col("is_progressive") & stages[1]))
        .then(pl.lit("distribution"))
        .when(stages[0])
        .then(pl.lit("frequency"))
        .when(stages[1])
        .then(pl.lit("weight"))
        .when(stages[2])
        .then(pl.lit("order"))
    )
    return (
        ordered.with_columns(told.alias("stage"))
        .group_by("image_id", maintain_order=True)
        .agg(
            pl.col("emotion").alias("emotions"),
            pl.col("mass").alias("masses"),
            *(
                pl.col("stage").get(place, null_on_oob=True).alias(f"stage_{place + 1}")
                for place in range(length)
            ),
            pl.col("stage").alias("stages"),
            pl.col("is_progressive", "rater_count", "lost_mass").first(),
        )
    )


def _gap(place: int) -> pl.Expr:
    """Return the mass of the emotion in a place, counted from 1, minus that of the next."""
    mass, following = (
        pl.col("masses").list.get(index, null_on_oob=True).fill_null(0.0)
        for index in (place - 1, place)
    )
    return mass - following


def _reason(limits: RankingLimits) -> pl.Expr:
    length = limits.ranking_length
    count = pl.col("emotions").list.len()
    told = [pl.col(f"stage_{place + 1}").is_not_null() for place in range(length)]
    gaps = [_gap(place + 1) for place in range(length)]
    one_vote = (1.0 - limits.vote_tolerance) / pl.col("rater_count")
    uncounted = limits.smallest_gap - _ROUNDING
    smallest = pl.when(pl.col("rater_count") > 0).then(one_vote).otherwise(uncounted)
    return (
        pl.when(count.is_null() & pl.col("is_labelled").is_null())
        .then(pl.lit("no_labels"))
        .when(count.is_null())
        .then(pl.lit("all_mass_lost"))
        .when((count < length) & (pl.col("rater_count") == 1))
        .then(pl.lit("one_annotator"))
        .when(count < length)
        .then(pl.lit("too_few_emotions"))
        .when(~pl.all_horizontal(told))
        .then(pl.lit("tie"))
        .when(~pl.col("is_progressive") & (pl.min_horizontal(gaps) < smallest))
        .then(pl.lit("gap_too_small"))
    )


def _decision(length: int) -> pl.Expr:
    """Return the last stage needed to separate the ranked emotions and the next."""
    needed = pl.concat_list(f"stage_{place + 1}" for place in range(length))
    choice: pl.Expr = pl.lit("distribution")
    for stage in _STAGES:  # a later stage overrides an earlier one
        choice = pl.when(needed.list.contains(stage)).then(pl.lit(stage)).otherwise(choice)
    return choice


def _tied(length: int) -> pl.Expr:
    """Return the emotions of the first tie among the places that a ranking needs."""
    stages, emotions = pl.col("stages"), pl.col("emotions")
    first = pl.coalesce(
        pl.when(pl.col(f"stage_{place + 1}").is_null()).then(pl.lit(place))
        for place in range(length)
    )
    # a tie continues while no comparison separates an emotion from the next
    rest = stages.list.slice(first)
    count = rest.list.eval(pl.element().is_not_null()).list.arg_max() + 1
    return emotions.list.slice(first, count).list.sort()
