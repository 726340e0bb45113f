"""Calibrates annotators and verifier against human labels, per source and agreement pattern.

A voter (column `voice`) is the verifier, an annotator, or the majority of the annotators. The
pattern table counts, per agreement pattern (`agreement_patterns.py`), each voter's share of right
answers. It does not assume that voters are independent, because two vision-language models are not
(Kim et al. 2025, arXiv 2506.07962). The counts applied to an image come from the other folds of
near-duplicate clusters, so that no label judges itself. (The embedded probe behind those counts was
fitted on folds other than theirs and so may have seen the image; its influence is that of one label
among many.)
"""

import polars as pl

from eemo_pipeline.aggregation.agreement_patterns import (
    MAJORITY,
    VERIFIER,
    annotator_votes,
    find_patterns,
    verifier_votes,
)
from eemo_pipeline.aggregation.limits import DECISION_LIMITS, DecisionLimits
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.intervals import wilson

ANY = "any"
FOLDS = 5  # of clusters; fold 0 stands for all of them

_TABLE = TABLES["verification__patterns"]
_CELL = ("source", "fold", "pattern", "verifier_emotion")


def fit_patterns(
    replies: pl.DataFrame,
    verdicts_of_verifier: pl.DataFrame,
    human: pl.DataFrame,
    limits: DecisionLimits = DECISION_LIMITS,
) -> pl.DataFrame:
    """Return `verification__patterns`: a row per source, fold, pattern, verifier emotion and voter.

    The rows of a fold count the labelled images of all other folds; the rows of fold 0 count all
    folds. A pattern is divided by the verifier's emotion where enough images remain (40). The
    probability is the mean of the Beta(1, 1) posterior, the lower bound Wilson's at 95 %. With
    enough labelled images (300 in the source, 40 in the cell), the likeliest voter is chosen (on a
    tie the verifier, then the majority), and accepted where its lower bound is high enough (0.85).
    The verifier's weight is 2 in a source where that bound exceeds every other probability, else 1.

    Args:
        replies: rows of `annotation__replies`, one per image and annotator.
        verdicts_of_verifier: rows of `verification__replies`, which carry source and fold.
        human: image_id and emotion, of images on whose emotion people agree.
        limits: thresholds.
    """
    counts = _count_hits(_spoken(replies, verdicts_of_verifier), human, limits.min_in_cell)
    lower, _ = wilson(counts["right_count"].to_numpy(), counts["image_count"].to_numpy())
    is_whole = (pl.col("pattern") == ANY) & (pl.col("verifier_emotion") == ANY)
    labelled = counts.filter(is_whole).select(
        "source", "fold", pl.col("image_count").alias("labelled_count")
    )
    best = pl.col("probability").max().over(_CELL)
    others = pl.col("probability").filter(pl.col("voice") != VERIFIER).max().over(_CELL)
    is_better = (pl.col("lower_bound") > others) & (pl.col("labelled_count") >= limits.min_labelled)
    return (
        counts.with_columns(
            ((pl.col("right_count") + 1) / (pl.col("image_count") + 2))
            .round(6)
            .alias("probability"),
            pl.Series("lower_bound", lower).round(6),
        )
        .join(labelled.unique(), on=["source", "fold"], how="left")
        .sort(*_CELL, _rank(), "voice")
        .with_columns(
            (
                (pl.col("probability") == best)
                & (pl.col("image_count") >= limits.min_in_cell)
                & (pl.col("labelled_count") >= limits.min_labelled)
                & ~is_whole
            ).alias("is_chosen")
        )
        .with_columns((pl.col("is_chosen") & _is_first("is_chosen")).alias("is_chosen"))
        .with_columns(
            (pl.col("is_chosen") & (pl.col("lower_bound") >= limits.accepted_from)).alias(
                "is_accepted"
            ),
            pl.when(is_whole & (pl.col("voice") == VERIFIER))
            .then(pl.when(is_better).then(limits.trusted_weight).otherwise(1.0))
            .alias("weight"),
        )
        .select(_TABLE.columns)
        .cast(_TABLE.polars_schema)
        .sort(_TABLE.key)
    )


def settle(
    outcome: pl.DataFrame, voices: pl.DataFrame, places: pl.DataFrame, patterns: pl.DataFrame
) -> pl.DataFrame:
    """Return the outcome of `find_patterns`, with emotion and is_contested from the pattern table.

    Where the table chooses no voter for an image, or the chosen voter gave no emotion for it, the
    outcome is unchanged.

    Args:
        outcome: image_id, pattern, is_contested, emotion.
        voices: image_id, voice, emotion.
        places: image_id, source, fold, verifier_emotion.
        patterns: rows of `verification__patterns`.
    """
    chosen = patterns.filter("is_chosen").select(*_CELL, "voice", "is_accepted")
    choice = _cell_of(outcome, places, chosen).join(
        voices.rename({"emotion": "_said"}), on=["image_id", "voice"], how="inner"
    )
    return outcome.join(
        choice.select("image_id", "is_accepted", "_said"), on="image_id", how="left"
    ).select(
        "image_id",
        "pattern",
        pl.coalesce(~pl.col("is_accepted"), "is_contested").alias("is_contested"),
        pl.coalesce("_said", "emotion").alias("emotion"),
    )


def weigh(places: pl.DataFrame, patterns: pl.DataFrame) -> pl.DataFrame:
    """Return image_id and the verifier's weight for it; 1 where the pattern table has none."""
    weights = patterns.drop_nulls("weight").select("source", "fold", "weight")
    return places.join(weights, on=["source", "fold"], how="left").select(
        "image_id", pl.col("weight").fill_null(1.0)
    )


def believe(
    outcome: pl.DataFrame, voices: pl.DataFrame, places: pl.DataFrame, patterns: pl.DataFrame
) -> pl.DataFrame:
    """Return image_id, emotion, probability: the pattern table's probability of every named label.

    Covers only images whose cell has a chosen voter. Where several voters name a label, its
    probability is the mean of theirs. Where the sum over the labels exceeds 1, it is scaled to 1.
    """
    cells = patterns.filter(pl.col("is_chosen").any().over(_CELL)).select(
        *_CELL, "voice", "probability"
    )
    named = (
        _cell_of(outcome, places, cells)
        .join(voices, on=["image_id", "voice"], how="inner")
        .sort("image_id", "voice")
        .group_by("image_id", "emotion", maintain_order=True)
        .agg(pl.col("probability").mean())
    )
    total = pl.col("probability").sum().over("image_id")
    return named.with_columns(pl.col("probability") / pl.max_horizontal(total, 1.0))


def name_voices(votes: pl.DataFrame, verifier: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, voice, emotion: the verifier, each annotator by name, and their majority."""
    counted = votes.group_by("image_id", "emotion").agg(pl.len().alias("_votes"))
    most = pl.col("_votes") == pl.col("_votes").max().over("image_id")
    majority = (
        counted.filter(most)
        .filter((pl.len().over("image_id") == 1) & (pl.col("_votes") >= 2))
        .select("image_id", pl.lit(MAJORITY).alias("voice"), "emotion")
    )
    return pl.concat(
        [
            verifier.select("image_id", pl.lit(VERIFIER).alias("voice"), "emotion"),
            votes.select("image_id", pl.col("annotator").alias("voice"), "emotion"),
            majority,
        ]
    ).sort("image_id", "voice")


def place_pictures(verdicts_of_verifier: pl.DataFrame, verifier: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, source, fold and the verifier's emotion."""
    return (
        verdicts_of_verifier.sort("image_id", "verifier")
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", "source", "fold")
        .join(
            verifier.select("image_id", pl.col("emotion").alias("verifier_emotion")),
            on="image_id",
            how="left",
        )
    )


def repeat_per_fold(labelled: pl.DataFrame) -> pl.DataFrame:
    """Return the rows once for every `fold` that may count them.

    A fold counts the images of the others; fold 0, whose images have no label, counts all.
    """
    folds = pl.DataFrame({"_for": range(FOLDS + 1)}, schema={"_for": pl.Int64})
    return (
        labelled.join(folds, how="cross")
        .filter((pl.col("_for") == 0) | (pl.col("_for") != pl.col("fold")))
        .with_columns(pl.col("_for").alias("fold"))
        .drop("_for")
    )


def _spoken(replies: pl.DataFrame, verdicts_of_verifier: pl.DataFrame) -> pl.DataFrame:
    """Return one row per image and voter: source, fold, pattern, verifier's emotion, the label."""
    votes, verifier = annotator_votes(replies), verifier_votes(verdicts_of_verifier)
    places = place_pictures(verdicts_of_verifier, verifier)
    outcome = find_patterns(places.select("image_id"), votes, verifier)
    silent = pl.DataFrame(
        {"voice": sorted({VERIFIER, MAJORITY, *votes["annotator"].to_list()})},
        schema={"voice": pl.String},
    )
    return (
        places.join(outcome.select("image_id", "pattern"), on="image_id", how="left")
        .join(silent, how="cross")
        .join(name_voices(votes, verifier), on=["image_id", "voice"], how="left")
    )


def _count_hits(spoken: pl.DataFrame, human: pl.DataFrame, min_in_cell: int) -> pl.DataFrame:
    """Return source, fold, pattern, verifier_emotion, voice, image_count, right_count."""
    judged = spoken.drop_nulls("source").join(
        human.select("image_id", pl.col("emotion").alias("_human")), on="image_id", how="inner"
    )
    whole = [pl.lit(ANY).alias("verifier_emotion")]
    everything = judged.with_columns(pl.lit(ANY).alias("pattern"), *whole)
    divided = judged.drop_nulls("verifier_emotion")
    counted = (
        repeat_per_fold(pl.concat([everything, judged.with_columns(*whole), divided]))
        .group_by(*_CELL, "voice")
        .agg(
            pl.len().cast(pl.Int64).alias("image_count"),
            (pl.col("emotion") == pl.col("_human")).sum().cast(pl.Int64).alias("right_count"),
        )
    )
    return counted.filter(
        (pl.col("verifier_emotion") == ANY) | (pl.col("image_count") >= min_in_cell)
    ).sort(*_CELL, "voice")


def _cell_of(outcome: pl.DataFrame, places: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `cells` per image, by pattern and verifier's emotion or by pattern alone."""
    located = outcome.select("image_id", "pattern").join(places, on="image_id", how="inner")
    exact = located.join(cells, on=list(_CELL), how="inner")
    rest = located.join(exact.select("image_id"), on="image_id", how="anti").with_columns(
        pl.lit(ANY).alias("verifier_emotion")
    )
    return pl.concat([exact, rest.join(cells, on=list(_CELL), how="inner").select(exact.columns)])


def _rank() -> pl.Expr:
    return (
        pl.when(pl.col("voice") == VERIFIER)
        .then(0)
        .when(pl.col("voice") == MAJORITY)
        .then(1)
        .otherwise(2)
    )


def _is_first(flag: str) -> pl.Expr:
    return pl.col(flag).cast(pl.Int64).cum_sum().over(list(_CELL)) == 1
