"""Merges what several annotators and the trusted verifier say about a picture into one decision.

Belongs here: the latest answer of each annotator, the vote on the emotion with its pattern,
confidence, intensity and distribution, whose words are kept, and the roll-up of a critic's
verdicts into the state of a record. The verification, critic and records stages share it.
Does not belong here: asking anyone, and judging a value (`critic/`).

The rules are those of EmoVerse (arXiv 2511.12554, "EmoViT carries greater weight") where the
paper gives them, and its most cautious reading where it does not: without human-checked pictures
nobody knows which side of a disagreement is right, so the verifier's word is kept provisionally
and marked as contested. Nothing here depends on the order of rows.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.schema.tables import TABLES

State = Literal["preserved", "human", "dropped"]

TEXT_FIELDS = ("description", "background", "attribute", "subject")
# Whose loss makes a record worthless when several fall; intensity belongs to the emotion.
ATTRIBUTE_GROUPS = (*TEXT_FIELDS, "box")
DROPPED_GROUPS = 3
CONTESTED_PATTERNS = ("pair_against_verifier", "all_differ", "split", "none")
LOW_UP_TO, MEDIUM_UP_TO = 4, 7
# The weights of EmoVerse's worked example: 1, 1 and 2. Two is used only where an annotator
# agrees with the verifier; against all annotators, an uncalibrated verifier has one voice.
VERIFIER_WEIGHT = 2.0
SHARE_DECIMALS = 6

_TABLE = TABLES["verification__decisions"]


def latest_replies(first: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """One row per picture and annotator: its latest answer.

    A later answer counts only where its status is ok; an annotator that never gave a usable
    answer keeps its latest refusal.

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


def decide(replies: pl.DataFrame, verdicts_of_verifier: pl.DataFrame) -> pl.DataFrame:
    """`verification__decisions`: one row per picture named in either frame.

    A vote is a reply with status ok and one of the eight Mikels emotions. Patterns, with any
    number of annotators, the verifier's emotion being E:

    - unanimous: at least two annotators, and all say E.
    - agreed_two: some annotator says E, and no other emotion has as many voices as E, the
      verifier's included; E.
    - pair_against_verifier: two or more annotators agree on another emotion, and are at least as
      many as E's voices; E provisionally, contested.
    - all_differ: the verifier stands alone and no two annotators agree; E provisionally,
      contested.
    - pair_only: the verifier abstains; one emotion has most votes, and at least two.
    - split: the verifier abstains and there is no such emotion; provisionally the emotion with
      most votes, then most clarity, then of the clearest annotator, then of the first by name;
      contested.
    - none: no annotator gave a usable answer; the emotion is null, contested.

    Confidence, 1 to 10: the clarity of the voices for the emotion, weighted, over the weight of
    all voices, so that dissent lowers it. The verifier's clarity is ten times its probability,
    rounded; as in EmoVerse's release the same number stands for its intensity. Intensity, 1 to
    10: the lower weighted median over the voices for the emotion. Distribution: each vote puts
    clarity / 10 of its weight on its emotion and the rest on the verifier's distribution, or
    evenly where there is none; a vote without clarity puts all its weight on its emotion.

    Description, background, attribute and subject are the words of one annotator, never
    blended: one that voted for the emotion, else one of the same pleasant or unpleasant half,
    then the clearest, then the first by name.

    Args:
        replies: rows of `annotation__replies`, one per picture and annotator.
        verdicts_of_verifier: rows of `verification__replies`; of several verifiers that
            answered, the first by name is the trusted one.
    """
    votes = _annotator_votes(replies)
    verifier = _verifier_votes(verdicts_of_verifier)
    pictures = (
        pl.concat([replies.select("image_id"), verdicts_of_verifier.select("image_id")])
        .unique()
        .sort("image_id")
    )
    outcome = _outcomes(pictures, votes, verifier)
    voices = _weighted_voices(votes, verifier, outcome)
    return (
        outcome.join(_confidences(voices), on="image_id", how="left")
        .join(_intensities(voices), on="image_id", how="left")
        .join(_distributions(voices), on="image_id", how="left")
        .join(_words(votes, outcome), on="image_id", how="left")
        .with_columns(intensity_level(pl.col("intensity")).alias("intensity_level"))
        .select(_TABLE.columns)
        .cast(_TABLE.polars_schema)
        .sort("image_id")
    )


def intensity_level(intensity: pl.Expr) -> pl.Expr:
    """Low 1-4, medium 5-7, high 8-10."""
    return (
        pl.when(intensity <= LOW_UP_TO)
        .then(pl.lit("low"))
        .when(intensity <= MEDIUM_UP_TO)
        .then(pl.lit("medium"))
        .when(intensity.is_not_null())
        .then(pl.lit("high"))
    )


def round_shares(shares: np.ndarray) -> np.ndarray:
    """Rows of non-negative numbers as shares of their row, 6 decimals, summing to 1.

    What rounding leaves over goes to the largest share. A row of zeros becomes even shares.
    """
    if shares.size == 0:
        return shares
    totals = shares.sum(axis=1, keepdims=True)
    even = np.full_like(shares, 1 / shares.shape[1])
    rounded = np.round(
        np.divide(shares, totals, out=even, where=totals > 0),
        SHARE_DECIMALS,
    )
    rows = np.arange(len(rounded))
    largest = rounded.argmax(axis=1)
    rounded[rows, largest] += 1 - rounded.sum(axis=1)
    return np.round(rounded, SHARE_DECIMALS)


def roll_up(verdicts: Mapping[str, str]) -> State:
    """The state of a record whose fields were judged thus.

    dropped: the emotion, or three of description, background, attribute, subject and box, are
    discarded. human: some field can still be corrected, or was never judged. preserved:
    all else; a discarded field is emptied and the record kept.

    Args:
        verdicts: field -> valid, revisable or discarded.
    """
    lost = sum(verdicts.get(group) == "discarded" for group in ATTRIBUTE_GROUPS)
    if verdicts.get("emotion") == "discarded" or lost >= DROPPED_GROUPS:
        return "dropped"
    is_open = "emotion" not in verdicts or "revisable" in verdicts.values()
    return "human" if is_open else "preserved"


def _annotator_votes(replies: pl.DataFrame) -> pl.DataFrame:
    return replies.filter(
        (pl.col("status") == "ok") & pl.col("emotion").is_in(list(MIKELS_8))
    ).select("image_id", "annotator", "emotion", "clarity", "intensity", *TEXT_FIELDS)


def _verifier_votes(verdicts: pl.DataFrame) -> pl.DataFrame:
    clarity = (pl.col("probability") * 10).round().clip(1, 10).cast(pl.Int64)
    return (
        verdicts.filter((pl.col("status") == "ok") & pl.col("emotion").is_in(list(MIKELS_8)))
        .sort("image_id", "verifier")
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", "emotion", "probability", "distribution", clarity.alias("clarity"))
    )


def _outcomes(pictures: pl.DataFrame, votes: pl.DataFrame, verifier: pl.DataFrame) -> pl.DataFrame:
    """image_id, pattern, is_contested and the emotion."""
    judged = verifier.select("image_id", pl.col("emotion").alias("_trusted"))
    label = ["image_id", "emotion"]
    ranked = (
        votes.with_columns(
            pl.len().over(label).alias("_votes"),
            pl.col("clarity").sum().over(label).alias("_clarity"),
        )
        .sort(
            "image_id",
            "_votes",
            "_clarity",
            "clarity",
            "annotator",
            descending=[False, True, True, True, False],
            nulls_last=True,
        )
        .join(judged, on="image_id", how="left", maintain_order="left")
    )
    is_trusted = (pl.col("emotion") == pl.col("_trusted")).fill_null(value=False)
    tally = ranked.group_by("image_id", maintain_order=True).agg(
        pl.len().alias("_annotators"),
        is_trusted.sum().alias("_with"),
        pl.col("_votes").filter(~is_trusted).max().fill_null(0).alias("_rivals"),
        pl.col("emotion").first().alias("_leading"),
        pl.col("emotion")
        .filter(pl.col("_votes") == pl.col("_votes").max())
        .n_unique()
        .alias("_ties"),
        pl.col("_votes").max().alias("_most"),
    )
    joined = pictures.join(judged, on="image_id", how="left").join(tally, on="image_id", how="left")
    return joined.with_columns(_pattern().alias("pattern")).select(
        "image_id",
        "pattern",
        pl.col("pattern").is_in(CONTESTED_PATTERNS).alias("is_contested"),
        pl.when(pl.col("pattern") != "none")
        .then(pl.coalesce("_trusted", "_leading"))
        .alias("emotion"),
    )


def _pattern() -> pl.Expr:
    annotators, allied, rivals = pl.col("_annotators"), pl.col("_with"), pl.col("_rivals")
    has_majority = (pl.col("_most") >= 2) & (pl.col("_ties") == 1)
    return (
        pl.when(annotators.is_null())
        .then(pl.lit("none"))
        .when(pl.col("_trusted").is_null())
        .then(pl.when(has_majority).then(pl.lit("pair_only")).otherwise(pl.lit("split")))
        .when((allied == annotators) & (annotators >= 2))
        .then(pl.lit("unanimous"))
        .when((allied >= 1) & (allied + 1 > rivals))
        .then(pl.lit("agreed_two"))
        .when(rivals >= 2)
        .then(pl.lit("pair_against_verifier"))
        .otherwise(pl.lit("all_differ"))
    )


def _weighted_voices(
    votes: pl.DataFrame, verifier: pl.DataFrame, outcome: pl.DataFrame
) -> pl.DataFrame:
    """One row per voice: emotion, clarity, intensity, weight, certainty, is_for and the rest."""
    rest = verifier.select("image_id", pl.col("distribution").alias("_rest"))
    certainty = pl.col("clarity") / 10
    annotators = votes.select(
        "image_id",
        "emotion",
        "clarity",
        "intensity",
        pl.lit(value=False).alias("_is_verifier"),
        certainty.fill_null(1.0).alias("_certainty"),
        pl.col("annotator").alias("_voice"),
    )
    # The verifier's distribution is its vote, so that all its weight goes to the rest.
    trusted = verifier.select(
        "image_id",
        "emotion",
        "clarity",
        pl.col("clarity").alias("intensity"),
        pl.lit(value=True).alias("_is_verifier"),
        pl.when(pl.col("distribution").is_null())
        .then(pl.col("probability").fill_null(1.0))
        .otherwise(0.0)
        .alias("_certainty"),
        pl.lit("").alias("_voice"),
    )
    decided = outcome.filter(pl.col("pattern") != "none").select(
        "image_id", "pattern", pl.col("emotion").alias("_final")
    )
    has_ally = pl.col("pattern").is_in(["unanimous", "agreed_two"])
    return (
        pl.concat([annotators, trusted])
        .join(decided, on="image_id", how="inner")
        .join(rest, on="image_id", how="left")
        .sort("image_id", "_is_verifier", "_voice")
        .with_columns(
            pl.when(pl.col("_is_verifier") & has_ally)
            .then(VERIFIER_WEIGHT)
            .otherwise(1.0)
            .alias("_weight"),
            (pl.col("emotion") == pl.col("_final")).alias("_is_for"),
        )
    )


def _confidences(voices: pl.DataFrame) -> pl.DataFrame:
    heard = pl.col("_weight") * pl.col("clarity") * pl.col("_is_for")
    return (
        voices.drop_nulls("clarity")
        .group_by("image_id", maintain_order=True)
        .agg((heard.sum() / pl.col("_weight").sum()).clip(1, 10).round(6).alias("confidence"))
    )


def _intensities(voices: pl.DataFrame) -> pl.DataFrame:
    """The lower weighted median: the smallest value that half of the weight does not exceed."""
    weight = pl.col("_weight")
    return (
        voices.filter(pl.col("_is_for") & pl.col("intensity").is_not_null())
        .sort("image_id", "intensity")
        .filter(2 * weight.cum_sum().over("image_id") >= weight.sum().over("image_id"))
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", "intensity")
    )


def _distributions(voices: pl.DataFrame) -> pl.DataFrame:
    sure = pl.col("_certainty")
    columns = [
        (
            pl.col("_weight")
            * (
                sure * (pl.col("emotion") == emotion)
                + (1 - sure) * pl.col("_rest").list.get(place).fill_null(1 / len(MIKELS_8))
            )
        )
        .sum()
        .alias(emotion)
        for place, emotion in enumerate(MIKELS_8)
    ]
    mass = voices.group_by("image_id", maintain_order=True).agg(columns)
    shares = round_shares(mass.select(MIKELS_8).to_numpy())
    return mass.select(
        "image_id", pl.Series("distribution", shares.tolist(), dtype=pl.List(pl.Float64))
    )


def _words(votes: pl.DataFrame, outcome: pl.DataFrame) -> pl.DataFrame:
    pleasant = list(POSITIVE_MIKELS)
    final = pl.col("_final")
    return (
        votes.join(
            outcome.select("image_id", pl.col("emotion").alias("_final")),
            on="image_id",
            how="inner",
        )
        .with_columns(
            (pl.col("emotion") == final).alias("_is_for"),
            (pl.col("emotion").is_in(pleasant) == final.is_in(pleasant)).alias("_is_same_half"),
        )
        .sort(
            "image_id",
            "_is_for",
            "_is_same_half",
            "clarity",
            "annotator",
            descending=[False, True, True, True, False],
            nulls_last=True,
        )
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", "annotator", *TEXT_FIELDS)
    )
