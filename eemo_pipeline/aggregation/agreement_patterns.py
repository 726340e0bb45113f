"""The votes of annotators and verifier, and the agreement pattern of each image.

How often a pattern is right according to human labels is counted in `calibration.py`; text and
numbers are merged in `merge_fields.py`.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8

TEXT_FIELDS = ("description", "background", "attribute", "subject")
CONTESTED_PATTERNS = ("pair_against_verifier", "all_differ", "split", "none")
# The voter that stands for the emotion most annotators, and at least two, agree on.
MAJORITY = "majority"
VERIFIER = "verifier"


def annotator_votes(replies: pl.DataFrame) -> pl.DataFrame:
    """Return the usable replies that name a Mikels emotion."""
    return replies.filter(
        (pl.col("status") == "ok") & pl.col("emotion").is_in(list(MIKELS_8))
    ).select("image_id", "annotator", "emotion", "clarity", "intensity", *TEXT_FIELDS)


def verifier_votes(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return one verdict per image, from the first verifier by name that gave one."""
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
    """Return image_id, pattern, is_contested and the emotion.

    With any number of annotators, and the verifier's emotion being E:

    - unanimous: at least two annotators, and all vote for E.
    - agreed_two: at least one annotator votes for E, and no other emotion has as many votes as E,
      counting the verifier's; the emotion is E.
    - pair_against_verifier: at least two annotators agree on another emotion and are at least as
      many as the votes for E; the emotion is provisionally E, contested.
    - all_differ: no annotator votes for E and no two annotators agree; the emotion is provisionally
      E, contested.
    - pair_only: the verifier abstains; one emotion alone has the most votes, and at least two.
    - split: the verifier abstains and there is no such emotion; the emotion is provisionally the
      one with the most votes, then the most clarity, then that of the clearest annotator, then of
      the first by name; contested.
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
