"""How each person rates and how carefully they look, compared with the others at the same images.

And how far they agree with themselves. Nobody is ranked: a wide interval says that little is known
of a person.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.estimates import estimate
from eemo_pipeline.stages.review.gold import compare_with_gold, is_far, join_gold
from eemo_pipeline.stats.agreement import two_way_icc
from eemo_pipeline.stats.intervals import Z_95, wilson
from eemo_pipeline.stats.rater_statistics import Estimate, find_offsets

_TABLE = TABLES["review__raters"]
_RATED = ("valence", "arousal")
MOST_ALIKE = 0.95  # share of judgements equal to the machine's that is noted, over
FEWEST_ALIKE = 50  # judgements
FEWEST_WRONG = 4
MOST_WRONG = 0.3  # share of wrong drafts accepted that is noted, where the interval lies above it


def build_raters(votes: pl.DataFrame, probes: pl.DataFrame, queue: pl.DataFrame) -> pl.DataFrame:
    """Return `review__raters`: one row per person who judged an image here.

    - offset: mean difference of the person's rating from the mean of the others at the same images,
      in steps of the scale, with the 95 % interval of its standard error; `shrunk` moves it towards
      0 by how far offsets of all people differ more than their errors (empirical Bayes).
    - scale: standard deviation of the person's ratings by that of the others at the same images.
    - retest: the share of images, judged a second time, of which the person named the same emotion
      again, with Wilson's interval, and ICC(2,1) of the two ratings: absolute agreement, as Koo and
      Li (2016, doi 10.1016/j.jcm.2016.02.012) advise for tests and retests.
    - gold: how much of what people elsewhere named lies on the person's emotions (`gold.py`).
    - `care_finding`: `accepts_wrong_drafts` where four wrong drafts or more were answered, and the
      lower end of Wilson's interval of those accepted is above 0.3; `far_from_gold` where ten gold
      images or more were judged, and the upper end of the interval of their mass is below half of
      what is expected; `agrees_with_the_machine` where
      more than 0.95 of 50 judgements or more name the machine's emotion. The latter may also be a
      good machine: people judge blind.

    Args:
        votes: rows of `review__votes`; only counted ones of this tool.
        probes: rows of `_review__probes`.
        queue: rows of `review__queue`, for the machine's emotion and gold.
    """
    counted = votes.filter(pl.col("is_counted"))
    blind = counted.filter(pl.col("phase") == "blind")
    felt = blind.filter(pl.col("reviewed_field") == "emotion")
    machine = dict(queue.select("image_id", "machine_emotion").drop_nulls().iter_rows())
    offsets = [_offsets(blind, field) for field in _RATED]
    again = _join_retests(blind, counted.filter(pl.col("phase") == "repeated"))
    gold = join_gold(counted, queue)
    drafts = counted.filter((pl.col("phase") == "drafts") & (pl.col("vote") != "unknown"))
    rows = []
    for (rater,), own in felt.group_by(["rater_id"], maintain_order=True):
        judged = own.select("image_id", "said_json").iter_rows()
        same = [
            json.loads(said) == machine[image_id]
            for image_id, said in judged
            if image_id in machine
        ]
        checked = drafts.filter(pl.col("rater_id") == rater)["vote"]
        probed = probes.filter(pl.col("rater_id") == rater)["vote"]
        row: dict[str, Any] = {
            "rater_id": rater,
            "judgement_count": own.height,
            "machine_share": round(float(np.mean(same)), 6) if same else None,
            "checked_count": checked.len(),
            "accepted_count": int((checked == "confirmed").sum()),
            "wrong_count": probed.len(),
            "wrong_accepted_count": int((probed == "confirmed").sum()),
        }
        for of_field in offsets:
            row |= of_field.get(str(rater), {})
        row |= _agree_again(again.filter(pl.col("rater_id") == rater))
        row |= compare_with_gold(gold.filter(pl.col("rater_id") == rater))
        rows.append(row | {"care_finding": _finding(row, len(same))})
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def compare_order(votes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield carry_over: by how much a rating follows the person's rating before it.

    Where people at the same image had rated other images before it, their ratings of it differ by
    this share of the difference of those earlier ratings. It is the slope of the one on the other,
    each person's difference from the mean of the others, centred per person; what the image itself
    does is in neither.

    Args:
        votes: counted rows of `review__votes`.
    """
    blind = votes.filter(pl.col("phase") == "blind")
    for field in _RATED:
        followed = (
            blind.filter(pl.col("reviewed_field") == field)
            .sort("rater_id", "event_no")
            .with_columns(before=pl.col("rating").shift(1).over("rater_id"))
            .drop_nulls("before")
            .filter(pl.len().over("image_id") > 1)
            .select("rater_id", *(_from_others(name) for name in ("before", "rating")))
        )
        centred = followed.select(
            (pl.col(name) - pl.col(name).mean().over("rater_id")).alias(name)
            for name in ("before", "rating")
        )
        yield estimate("carry_over", field, centred.to_numpy(), _slope)


def _from_others(name: str) -> pl.Expr:
    """Return a value less the mean of the others' at the same image."""
    others = pl.col(name).sum().over("image_id") - pl.col(name)
    return pl.col(name) - others / (pl.len().over("image_id") - 1)


def _slope(pairs: np.ndarray) -> float | None:
    spread = float((pairs[:, 0] ** 2).sum())
    return float((pairs[:, 0] * pairs[:, 1]).sum()) / spread if spread > 0 else None


def _offsets(blind: pl.DataFrame, field: str) -> dict[str, dict[str, Any]]:
    """Return person -> offset with interval, shrunk offset and scale of a rating."""
    rated = (
        blind.filter(pl.col("reviewed_field") == field)
        .filter(pl.len().over("image_id") > 1)
        .sort("rater_id", "image_id")
    )
    coded = rated.select(
        item=pl.col("image_id").rank("dense").cast(pl.Int64) - 1,
        rater=pl.col("rater_id").rank("dense").cast(pl.Int64) - 1,
    )
    items, raters = coded["item"].to_numpy(), coded["rater"].to_numpy()
    names, ratings = rated["rater_id"].unique().sort().to_list(), rated["rating"].to_numpy()
    found = {
        rater: one for rater, one in find_offsets(items, raters, ratings).items() if one.count > 1
    }
    between = _variance_between(list(found.values()))
    return {
        names[rater]: {
            f"{field}_count": one.count,
            f"{field}_offset": _round(one.value),
            f"{field}_offset_lower": _round(one.lower),
            f"{field}_offset_upper": _round(one.upper),
            f"{field}_offset_shrunk": _round(_shrink(one, between)),
            f"{field}_scale": _round(_scale(items, ratings, raters == rater)),
        }
        for rater, one in found.items()
    }


def _join_retests(blind: pl.DataFrame, repeated: pl.DataFrame) -> pl.DataFrame:
    """Return person, image and field with what was said first and what was said again."""
    key = ("rater_id", "image_id", "reviewed_field")
    said = ("said_json", "rating")
    return (
        blind.select(*key, *said)
        .join(repeated.select(*key, *said), on=key, how="inner", suffix="_again")
        .sort(key)
    )


def _agree_again(own: pl.DataFrame) -> dict[str, Any]:
    """Return how far one person agrees with themselves; a count of 0 where nothing was repeated."""
    emotions = own.filter(pl.col("reviewed_field") == "emotion")
    if emotions.is_empty():
        return {"retest_count": 0}
    count = emotions.height
    same = int((emotions["said_json"] == emotions["said_json_again"]).sum())
    lower, upper = wilson(np.array([same]), np.array([count]))
    found: dict[str, Any] = {
        "retest_count": count,
        "retest_emotion_share": round(same / count, 6),
        "retest_emotion_lower": round(float(lower[0]), 6),
        "retest_emotion_upper": round(float(upper[0]), 6),
    }
    for field in _RATED:
        rated = own.filter(pl.col("reviewed_field") == field)
        single, _ = two_way_icc(rated.select("rating", "rating_again").to_numpy())
        found[f"retest_{field}_icc"] = _round(single)
    return found


def _scale(items: np.ndarray, ratings: np.ndarray, is_own: np.ndarray) -> float | None:
    """Return the spread of a person's ratings by that of the others at the same images."""
    others = ratings[np.isin(items, items[is_own]) & ~is_own]
    spread = float(others.std(ddof=1)) if len(others) > 1 else 0.0
    return float(ratings[is_own].std(ddof=1)) / spread if spread > 0 else None


def _error(offset: Estimate) -> float:
    """Return the standard error of an offset, from its interval."""
    return ((offset.upper or 0.0) - (offset.lower or 0.0)) / (2 * Z_95)


def _shrink(offset: Estimate, between: float) -> float:
    total = between + _error(offset) ** 2
    return (offset.value or 0.0) * between / total if total > 0 else 0.0


def _variance_between(offsets: list[Estimate]) -> float:
    """Return how far people differ beyond the errors of their offsets, a variance; 0 at least."""
    if len(offsets) < 2:
        return 0.0
    values = np.array([one.value for one in offsets], dtype=float)
    errors = np.array([_error(one) for one in offsets])
    return max(0.0, float(values.var(ddof=1) - (errors**2).mean()))


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6) + 0.0  # without the sign of -0.0


def _finding(row: dict[str, Any], compared: int) -> str | None:
    """Return what is noticed of a person's care; None where nothing is."""
    wrong, accepted = row["wrong_count"], row["wrong_accepted_count"]
    if wrong >= FEWEST_WRONG and wilson(np.array([accepted]), np.array([wrong]))[0][0] > MOST_WRONG:
        return "accepts_wrong_drafts"
    if is_far(row):
        return "far_from_gold"
    if compared >= FEWEST_ALIKE and row["machine_share"] > MOST_ALIKE:
        return "agrees_with_the_machine"
    return None
