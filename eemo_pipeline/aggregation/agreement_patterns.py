"""Who votes for what, and how the votes agree.

Belongs here: the votes of annotators and verifier, and the agreement pattern of a picture. Does
not belong here: what people's labels say about a pattern (`calibration.py`), or the merging of
words and numbers (`merging.py`).
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8

TEXT_FIELDS = ("description", "background", "attribute", "subject")
CONTESTED_PATTERNS = ("pair_against_verifier", "all_differ", "split", "none")
# The voice that the annotators speak with where most of them, and at least two, agree.
MAJORITY = "majority"
VERIFIER = "verifier"


def annotator_votes(replies: pl.DataFrame) -> pl.DataFrame:
    """The usable replies that name a Mikels emotion."""
    return replies.filter(
        (pl.col("status") == "ok") & pl.col("emotion").is_in(list(MIKELS_8))
    ).select("image_id", "annotator", "emotion", "clarity", "intensity", *TEXT_FIELDS)


def verifier_votes(verdicts: pl.DataFrame) -> pl.DataFrame:
    """One judgement per picture, of the first verifier by name that gave one."""
    clarity = (pl.col("probability") * 10).round().clip(1, 10).cast(pl.Int64)
    return (
        verdicts.filter((pl.col("status") == "ok") & pl.col("emotion").is_in(list(MIKELS_8)))
        .sort("image_id", "verifier")
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", "emotion", "probability", "distribution", clarity.alias("clarity"))
    )


def find_patterns(
    pictures: pl.DataFrame, votes: pl.DataFrame, verifier: pl.DataFrame
) -> pl.DataFrame:
    """image_id, pattern, is_contested and the emotion.

    With any number of annotators, the verifier's emotion being E:

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
    """
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
