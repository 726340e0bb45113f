"""The critic's choices between two emotions, and how much they weigh.

The critic sees two candidates and names the one that the visible evidence supports, or cannot tell.
Its choice is evidence beside the votes. How much it weighs is measured as in the pattern table
(`calibration.py`): per source, over images with human labels in other folds, as the share of right
emotions. Where labels are too few, the choice weighs as one vote, and the emotion stays contested.
"""

import polars as pl

from eemo_pipeline.aggregation.calibration import repeat_per_fold
from eemo_pipeline.aggregation.limits import DECISION_LIMITS, DecisionLimits
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.intervals import wilson

METHOD = "choices between two emotions in turn, weighed by people's labels of other folds"
VOTES, FURTHER_VOTE, LIKELY, ASKED_AGAIN = "votes", "further_vote", "likely", "asked_again"
CHOSEN, OTHER, SILENT, ANY = "chosen", "other", "silent", "any"

_CHOICES, _WEIGHTS = TABLES["critic__choices"], TABLES["critic__weights"]
_CELL = ("source", "fold", "round", "drawn_from", "chosen_as", "verifier_side")
_PAIR = ("image_id", "round", "drawn_from", "emotion", "rival", "chosen", "evidence")


def compare_by_verifier(choices: pl.DataFrame, verifier: pl.DataFrame) -> pl.DataFrame:
    """Add `verifier_share` and `verifier_side` to the critic's choices.

    `verifier_share` is the verifier's probability of `emotion` over the sum for both candidates; a
    verifier without a distribution has 1 or 0, where it named one of the two. The verifier is
    silent where it says nothing about either, and where it finds both as likely.

    Args:
        choices: image_id, round, drawn_from, emotion, rival, chosen (null if it cannot tell),
            evidence.
        verifier: the result of `agreement_patterns.verifier_votes`.
    """
    joined = choices.join(
        verifier.select("image_id", pl.col("emotion").alias("_said"), "distribution"),
        on="image_id",
        how="left",
        maintain_order="left",
    )
    of_emotion, of_rival = _probability("emotion"), _probability("rival")
    share = pl.when(of_emotion + of_rival > 0).then(of_emotion / (of_emotion + of_rival)).round(6)
    prefers = pl.when(share > 0.5).then("emotion").when(share < 0.5).then("rival")
    return joined.with_columns(share.alias("verifier_share")).select(
        *choices.columns,
        "verifier_share",
        pl.when(prefers.is_null() | pl.col("chosen").is_null())
        .then(pl.lit(SILENT))
        .when(prefers == pl.col("chosen"))
        .then(pl.lit(CHOSEN))
        .otherwise(pl.lit(OTHER))
        .alias("verifier_side"),
    )


def _probability(candidate: str) -> pl.Expr:
    """Return the verifier's probability of a candidate, or 1 or 0 from its label alone."""
    listed = pl.coalesce(
        pl.when(pl.col(candidate) == emotion).then(pl.col("distribution").list.get(place))
        for place, emotion in enumerate(MIKELS_8)
    )
    return pl.coalesce(listed, (pl.col("_said") == pl.col(candidate)).cast(pl.Float64))


def fit_weights(
    choices: pl.DataFrame,
    human: pl.DataFrame,
    places: pl.DataFrame,
    round_no: int,
    limits: DecisionLimits = DECISION_LIMITS,
) -> pl.DataFrame:
    """Return rows of `critic__weights`: how often people name the chosen emotion, or the other.

    Counted per source, fold, origin of the pair, what was chosen (decided emotion or rival) and the
    verifier's side, over labelled images of other folds; fold 0 counts all. The probability is the
    mean of the Beta(1, 1) posterior, the lower bound Wilson's at 95 %. In a source with enough
    labelled images and a cell with enough, the candidate with the higher probability is chosen (on
    a tie the critic's), and accepted where its lower bound is high enough.

    Args:
        choices: the result of `compare_by_verifier`; rows without a choice are ignored.
        human: image_id and emotion, of images on whose emotion people agree.
        places: image_id, source and fold.
        round_no: the round in which the rows apply.
        limits: thresholds.
    """
    counted, totals = _count_right(choices, human, places, round_no)
    lower, _ = wilson(counted["right_count"].to_numpy(), counted["image_count"].to_numpy())
    return (
        counted.with_columns(
            ((pl.col("right_count") + 1) / (pl.col("image_count") + 2))
            .round(6)
            .alias("probability"),
            pl.Series("lower_bound", lower, dtype=pl.Float64).round(6),
        )
        .join(totals, on=["source", "fold"], how="left")
        .sort(*_CELL, "candidate")  # "chosen" before "other"
        .with_columns(
            (
                (pl.col("image_count") >= limits.min_in_cell)
                & (pl.col("labelled_count") >= limits.min_labelled)
                & (
                    pl.int_range(pl.len()).over(_CELL)
                    == pl.col("probability").arg_max().over(_CELL)
                )
            ).alias("is_chosen")
        )
        .with_columns(
            (pl.col("is_chosen") & (pl.col("lower_bound") >= limits.accepted_from)).alias(
                "is_accepted"
            )
        )
        .select(_WEIGHTS.columns)
        .cast(_WEIGHTS.polars_schema)
        .sort(_WEIGHTS.key)
    )


def _count_right(
    choices: pl.DataFrame, human: pl.DataFrame, places: pl.DataFrame, round_no: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the hits of both candidates per cell, and the labelled images per source and fold."""
    truth = human.select("image_id", pl.col("emotion").alias("_human"))
    labelled = repeat_per_fold(
        places.drop_nulls("source")
        .select("image_id", "source", "fold")
        .join(truth, on="image_id", how="inner")
    )
    totals = labelled.group_by("source", "fold").agg(
        pl.len().cast(pl.Int64).alias("labelled_count")
    )
    judged = (
        choices.drop_nulls("chosen")
        .join(labelled, on="image_id", how="inner")
        .with_columns(_chosen_as(), _other_emotion(), pl.lit(round_no, pl.Int64).alias("round"))
    )
    sided = pl.concat([judged, judged.with_columns(pl.lit(ANY).alias("verifier_side"))])
    counted = pl.concat(
        sided.with_columns(pl.lit(candidate).alias("candidate"))
        .group_by(*_CELL, "candidate")
        .agg(
            pl.len().cast(pl.Int64).alias("image_count"),
            (pl.col(named) == pl.col("_human")).sum().cast(pl.Int64).alias("right_count"),
        )
        for candidate, named in ((CHOSEN, "chosen"), (OTHER, "_other"))
    )
    return counted, totals


def settle_choices(
    choices: pl.DataFrame, weights: pl.DataFrame, votes: pl.DataFrame, places: pl.DataFrame
) -> pl.DataFrame:
    """Return `critic__choices`: each choice with its weight and the emotion that follows.

    Where the weights choose a candidate, it is the emotion, and it is accepted or contested as they
    say. Where labels are too few, the critic's choice weighs as one vote beside those of annotators
    and verifier; a tie goes to it; the emotion stays contested. Where the critic could not tell,
    the emotion stays as it is, contested.

    Args:
        choices: the result of `compare_by_verifier`.
        weights: rows of `critic__weights`.
        votes: image_id and emotion, one row per voter: original answers and the verifier's.
        places: image_id, source and fold.
    """
    located = choices.with_columns(_chosen_as(), _other_emotion()).join(
        places.select("image_id", "source", "fold"), on="image_id", how="left"
    )
    cells = weights.filter("is_chosen").drop("right_count", "labelled_count", "is_chosen")
    exact = located.join(cells, on=list(_CELL), how="inner")
    rest = (
        located.join(exact.select("image_id", "round"), on=["image_id", "round"], how="anti")
        .with_columns(pl.col("verifier_side").alias("_side"), pl.lit(ANY).alias("verifier_side"))
        .join(cells, on=list(_CELL), how="left")
        .with_columns(pl.col("_side").alias("verifier_side"))
    )
    counted = votes.group_by("image_id", "emotion").agg(pl.len().alias("_votes"))
    both = pl.concat([exact, rest.select(exact.columns)])
    for name in ("chosen", "_other"):
        both = both.join(
            counted.rename({"emotion": name, "_votes": f"{name}_votes"}),
            on=["image_id", name],
            how="left",
        ).with_columns(pl.col(f"{name}_votes").fill_null(0))
    is_chosen = pl.coalesce(
        pl.col("candidate") == CHOSEN, pl.col("chosen_votes") + 1 >= pl.col("_other_votes")
    )
    return (
        both.with_columns(
            pl.when(pl.col("chosen").is_null())
            .then("emotion")
            .when(is_chosen)
            .then("chosen")
            .otherwise("_other")
            .alias("settled_emotion"),
            pl.col("is_accepted").fill_null(value=False),
        )
        .select(_CHOICES.columns)
        .cast(_CHOICES.polars_schema)
        .sort(_CHOICES.key)
    )


def apply_choices(outcome: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    """Return the outcome of cross-verification, changed by the critic's latest settled choice.

    Args:
        outcome: image_id, pattern, is_contested, emotion.
        choices: rows of `critic__choices`.
    """
    latest = latest_choices(choices).select("image_id", "settled_emotion", "is_accepted")
    return outcome.join(latest, on="image_id", how="left", maintain_order="left").select(
        "image_id",
        "pattern",
        pl.coalesce(~pl.col("is_accepted"), "is_contested").alias("is_contested"),
        pl.coalesce("settled_emotion", "emotion").alias("emotion"),
    )


def believe_choices(beliefs: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    """Return the pattern table's probabilities, replaced where a choice has a measured weight.

    The settled emotion has the measured probability. The other candidate has no more than what
    remains; the rest follows the verifier's distribution as elsewhere.

    Args:
        beliefs: image_id, emotion, probability.
        choices: rows of `critic__choices`.
    """
    measured = latest_choices(choices).drop_nulls("probability")
    settled = measured.select("image_id", pl.col("settled_emotion").alias("emotion"), "probability")
    return pl.concat([beliefs.join(settled, on="image_id", how="anti"), settled])


def latest_choices(choices: pl.DataFrame) -> pl.DataFrame:
    """Return the choice of each image's latest round."""
    return choices.sort("image_id", "round").unique("image_id", keep="last", maintain_order=True)


def count_revisions(
    first: pl.DataFrame, later: pl.DataFrame, choices: pl.DataFrame
) -> pl.DataFrame:
    """Return one row per image and annotator: the answer that counts in the decision.

    Words and intensity are the latest ones. The emotion and what belongs to it (EMOTION_COLUMNS)
    stay those of the first answer, because an annotator that is asked again tends to give in. A
    changed emotion counts only where it is the one that the critic's evidence settled.

    Args:
        first: rows of `annotation__replies`.
        later: rows of `_critic__replies`.
        choices: rows of `critic__choices`.
    """
    latest = latest_replies(first, later)
    settled = latest_choices(choices).select("image_id", "settled_emotion")
    known = first.select(
        "image_id", "annotator", *(pl.col(name).alias(f"_{name}") for name in EMOTION_COLUMNS)
    )
    joined = latest.join(
        known, on=["image_id", "annotator"], how="left", maintain_order="left"
    ).join(settled, on="image_id", how="left", maintain_order="left")
    counts = (pl.col("round") == 1) | (pl.col("emotion") == pl.col("settled_emotion")).fill_null(
        value=False
    )
    return joined.select(
        pl.when(counts).then(name).otherwise(f"_{name}").alias(name)
        if name in EMOTION_COLUMNS
        else name
        for name in latest.columns
    )


# What belongs to the emotion of an answer, and changes with it.
EMOTION_COLUMNS = (
    "emotion",
    "alternatives",
    "alternative_probabilities",
    "clarity",
    "valence",
    "arousal",
    "dominance",
    "evidence",
)


def latest_replies(first: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Return one row per image and annotator: its latest answer.

    A later answer counts only where its status is ok; an annotator that never gave a usable answer
    keeps its latest refusal.

    Args:
        first: rows of `annotation__replies`.
        later: rows of `_critic__replies`.
    """
    replies = pl.concat([first.select(later.columns), later])
    return (
        replies.with_columns((pl.col("status") == "ok").alias("_is_ok"))
        .sort("image_id", "annotator", "_is_ok", "round", descending=[False, False, True, True])
        .unique(["image_id", "annotator"], keep="first", maintain_order=True)
        .drop("_is_ok")
    )


def _chosen_as() -> pl.Expr:
    return (
        pl.when(pl.col("chosen") == pl.col("emotion"))
        .then(pl.lit("decided"))
        .when(pl.col("chosen").is_not_null())
        .then(pl.lit("rival"))
        .alias("chosen_as")
    )


def _other_emotion() -> pl.Expr:
    return (
        pl.when(pl.col("chosen") == pl.col("emotion"))
        .then("rival")
        .when(pl.col("chosen").is_not_null())
        .then("emotion")
        .alias("_other")
    )
