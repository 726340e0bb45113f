"""The outcome of every image and field in an arm, compared with the truth.

Records per image and field whether the value is right, kept, flagged and changed. Shares and
intervals are in `scoring.py`.
"""

from collections.abc import Callable
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import latest_replies, list_contested, roll_up
from eemo_pipeline.imaging.boxes import Box, intersection_over_union
from eemo_pipeline.stages.ablation.synthetic_records import Records
from eemo_pipeline.stages.critic.review_loop import Reviewed

FIELDS = ("emotion", "description", "background", "attribute", "subject", "intensity", "box")
TRIPLET = ("background", "attribute", "subject")
# A box is right from this intersection over union with the true box.
BOX_IS_RIGHT_FROM = 0.5
CORNERS = ("x1_px", "y1_px", "x2_px", "y2_px")
_ASKED = ("was_contested", "is_asked", "is_flipped", "would_agree", "has_agreed")
# image_id, field, value -> whether the value is right; None if unknown
Judge = Callable[[str, str, Any], bool | None]

SCHEMA = pl.Schema(
    {
        "image_id": pl.String,
        "field": pl.String,
        "state": pl.String,
        "is_kept": pl.Boolean,
        "is_right": pl.Boolean,
        "was_right": pl.Boolean,
        "is_flagged": pl.Boolean,
        "is_changed": pl.Boolean,
        "was_contested": pl.Boolean,
        "is_asked": pl.Boolean,
        "is_flipped": pl.Boolean,
        "would_agree": pl.Boolean,
        "has_agreed": pl.Boolean,
    }
)


def judge_by_truth(truth: pl.DataFrame) -> Judge:
    """Return a judge that compares values with the truth: equality, or overlap for a box.

    Args:
        truth: image_id and the right value of each known field.
    """
    known = {row["image_id"]: row for row in truth.iter_rows(named=True)}

    def is_right(image_id: str, field: str, value: Any) -> bool | None:
        column = "intensity_level" if field == "intensity" else field
        gold = known.get(image_id, {}).get(column)
        if gold is None:
            return None
        if field == "box":
            if value is None:
                return False
            return intersection_over_union(Box(*value), Box(*gold)) >= BOX_IS_RIGHT_FROM
        return value == gold

    return is_right


def tabulate_outcomes(
    records: Records,
    is_right: Judge,
    boxes: dict[str, list[float]],
    before: pl.DataFrame,
    reviewed: Reviewed | None,
    after: pl.DataFrame,
) -> pl.DataFrame:
    """Return one row per image and field whose truth is known, with columns as in SCHEMA.

    Args:
        records: the records that the arm ran on.
        is_right: whether a value is right.
        boxes: image_id -> corners of the first region.
        before: decisions on the first answers.
        reviewed: the result of the loop; None if the arm has no critic, and everything is kept.
        after: decisions on the latest answers.
    """
    verdicts = None if reviewed is None else reviewed.verdicts
    first = {} if verdicts is None else _by_field(verdicts.filter(pl.col("round") == 1))
    latest = {} if verdicts is None else _by_field(_latest(verdicts))
    chosen = {} if reviewed is None else _first_choices(reviewed.choices)
    asked = {} if reviewed is None else _ask_outcomes(records, reviewed, before, after)
    old = {row["image_id"]: row for row in before.iter_rows(named=True)}
    rows: list[dict[str, Any]] = []
    for row in after.sort("image_id").iter_rows(named=True):
        image_id = row["image_id"]
        judged = latest.get(image_id, {})
        state = "preserved" if reviewed is None else roll_up(judged)
        for field in FIELDS:
            value, start = value_of(row, field, boxes), value_of(old[image_id], field, boxes)
            right = is_right(image_id, field, value)
            if right is None:
                continue
            is_emptied = judged.get(field) == "discarded"
            is_confirmed = field == "emotion" and chosen.get(image_id) == start
            is_flagged = first.get(image_id, {}).get(field, "valid") != "valid"
            rows.append(
                {
                    "image_id": image_id,
                    "field": field,
                    "state": state,
                    "is_kept": state == "preserved" and not is_emptied,
                    "is_right": right,
                    "was_right": bool(is_right(image_id, field, start)),
                    "is_flagged": is_flagged and not is_confirmed,
                    "is_changed": value != start,
                    **(asked.get(image_id, {}) if field == "emotion" else {}),
                }
            )
    outcomes = pl.DataFrame(rows, schema=SCHEMA)
    return pl.concat([outcomes, _join_triplets(outcomes)])


def _join_triplets(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the outcome of each triplet: right and kept if all three parts are.

    EmoVerse scores background, attribute and subject together.
    """
    every = [pl.col(name).all() for name in ("is_kept", "is_right", "was_right")]
    some = [pl.col(name).any() for name in ("is_flagged", "is_changed")]
    return (
        outcomes.filter(pl.col("field").is_in(TRIPLET))
        .group_by("image_id", maintain_order=True)
        .agg(pl.col("state").first(), *every, *some, pl.len().alias("_parts"))
        .filter(pl.col("_parts") == len(TRIPLET))
        .with_columns(
            pl.lit("triplet").alias("field"),
            *(pl.lit(None, SCHEMA[name]).alias(name) for name in SCHEMA if name.startswith(_ASKED)),
        )
        .select(SCHEMA.names())
    )


def _ask_outcomes(
    records: Records, reviewed: Reviewed, before: pl.DataFrame, after: pl.DataFrame
) -> dict[str, dict[str, bool]]:
    """Return image_id -> what asking again about the emotion did.

    `would_agree`: the votes would be uncontested if changed answers counted as votes. `has_agreed`:
    the emotion is uncontested now without an accepted choice of the critic.
    """
    latest = latest_replies(records.replies, reviewed.replies)
    counted_before, counted_after = (
        {*list_contested(replies, records.verifier_replies)}
        for replies in (records.replies, latest)
    )
    start, end = {*_contested(before)}, {*_contested(after)}
    key = ["image_id", "annotator"]
    first = records.replies.select(*key, pl.col("emotion").alias("_first"))
    flipped = {
        *reviewed.replies.filter(pl.col("status") == "ok")
        .join(first, on=key, how="left")
        .filter(pl.col("emotion") != pl.col("_first"))["image_id"]
    }
    accepted = {*reviewed.choices.filter("is_accepted")["image_id"]}
    return {
        image_id: {
            "was_contested": image_id in counted_before,
            "is_asked": image_id in reviewed.asked_about_emotion,
            "is_flipped": image_id in flipped,
            "would_agree": image_id in counted_before - counted_after,
            "has_agreed": image_id in start - end - accepted,
        }
        for image_id in before["image_id"]
    }


def _contested(decisions: pl.DataFrame) -> pl.Series:
    return decisions.filter("is_contested")["image_id"]


def _first_choices(choices: pl.DataFrame) -> dict[str, str | None]:
    first = choices.filter(pl.col("round") == 1)
    return dict(first.select("image_id", "chosen").iter_rows())


def value_of(row: dict[str, Any], field: str, boxes: dict[str, list[float]]) -> Any:
    """Return the value of a field in a row of decisions, in the form used for the truth."""
    if field == "box":
        return boxes.get(row["image_id"])
    return row["intensity_level" if field == "intensity" else field]


def find_boxes(regions: pl.DataFrame) -> dict[str, list[float]]:
    """Return image_id -> corners of the first region."""
    found = regions.filter((pl.col("region_no") > 0) & (pl.col("status") == "ok"))
    first = found.sort("image_id", "region_no").unique(
        "image_id", keep="first", maintain_order=True
    )
    return {
        image_id: sides
        for image_id, *sides in first.select("image_id", *CORNERS).iter_rows()
        if None not in sides
    }


def _latest(verdicts: pl.DataFrame) -> pl.DataFrame:
    return verdicts.filter(pl.col("round") == pl.col("round").max().over("image_id"))


def _by_field(verdicts: pl.DataFrame) -> dict[str, dict[str, str]]:
    judged: dict[str, dict[str, str]] = {}
    for image_id, field, verdict in verdicts.select("image_id", "field", "verdict").iter_rows():
        judged.setdefault(image_id, {})[field] = verdict
    return judged
