"""How each person rates and how carefully they look, compared with the others at the same images.

Nobody is ranked: a wide interval says that little is known of a person.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.estimates import estimate
from eemo_pipeline.stats.intervals import wilson

_TABLE = TABLES["review__raters"]
_RATED = ("valence", "arousal")
_Z = 1.959964  # of 95 %
FEWEST_OFFSETS = 2  # a standard error needs two ratings
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
    - `care_finding`: `accepts_wrong_drafts` where four wrong drafts or more were answered, and the
      lower end of Wilson's interval of those accepted is above 0.3; `agrees_with_the_machine` where
      more than 0.95 of 50 judgements or more name the machine's emotion. The latter may also be a
      good machine: people judge blind.

    Args:
        votes: rows of `review__votes`; only counted ones of this tool.
        probes: rows of `_review__probes`.
        queue: rows of `review__queue`, for the machine's emotion.
    """
    counted = votes.filter(pl.col("is_counted"))
    blind = counted.filter(pl.col("phase") == "blind")
    felt = blind.filter(pl.col("reviewed_field") == "emotion")
    machine = dict(queue.select("image_id", "machine_emotion").drop_nulls().iter_rows())
    offsets = [_offsets(_compare_with_others(blind, field), field) for field in _RATED]
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
        rows.append(row | {"care_finding": _finding(row, len(same))})
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _compare_with_others(blind: pl.DataFrame, field: str) -> pl.DataFrame:
    """Return image_id, rater_id, rating and differs, of images that several people rated."""
    return (
        blind.filter(pl.col("reviewed_field") == field)
        .filter(pl.len().over("image_id") > 1)
        .with_columns(differs=_from_others("rating"))
        .select("image_id", "rater_id", "rating", "differs")
        .sort("rater_id", "image_id")
    )


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


def _offsets(compared: pl.DataFrame, field: str) -> dict[str, dict[str, Any]]:
    """Return rater -> offset with interval, shrunk offset and scale of a rating."""
    found: dict[str, tuple[int, float, float]] = {}
    scales: dict[str, float | None] = {}
    for (rater,), own in compared.group_by(["rater_id"], maintain_order=True):
        differs = own["differs"].to_numpy()
        if len(differs) < FEWEST_OFFSETS:
            continue
        error = float(differs.std(ddof=1)) / np.sqrt(len(differs))
        found[str(rater)] = (len(differs), float(differs.mean()), error)
        at = compared.filter(
            pl.col("image_id").is_in(own["image_id"].to_list()) & (pl.col("rater_id") != rater)
        )["rating"].to_numpy()
        of_others = float(at.std(ddof=1)) if len(at) > 1 else 0.0
        spread = float(own["rating"].to_numpy().std(ddof=1))
        scales[str(rater)] = round(spread / of_others, 6) if of_others > 0 else None
    between = _variance_between([(offset, error) for _, offset, error in found.values()])
    return {
        rater: {
            f"{field}_count": count,
            f"{field}_offset": round(offset, 6),
            f"{field}_offset_lower": round(offset - _Z * error, 6),
            f"{field}_offset_upper": round(offset + _Z * error, 6),
            f"{field}_offset_shrunk": round(_shrink(offset, error, between), 6),
            f"{field}_scale": scales[rater],
        }
        for rater, (count, offset, error) in found.items()
    }


def _shrink(offset: float, error: float, between: float) -> float:
    total = between + error**2
    return offset * between / total if total > 0 else 0.0


def _variance_between(offsets: list[tuple[float, float]]) -> float:
    """Return how far people differ beyond the errors of their offsets, a variance; 0 at least."""
    if len(offsets) < 2:
        return 0.0
    values, errors = np.array(offsets).T
    return max(0.0, float(values.var(ddof=1) - (errors**2).mean()))


def _finding(row: Mapping[str, Any], compared: int) -> str | None:
    """Return what is noticed of a person's care; None where nothing is."""
    wrong, accepted = row["wrong_count"], row["wrong_accepted_count"]
    if wrong >= FEWEST_WRONG and wilson(np.array([accepted]), np.array([wrong]))[0][0] > MOST_WRONG:
        return "accepts_wrong_drafts"
    if compared >= FEWEST_ALIKE and row["machine_share"] > MOST_ALIKE:
        return "agrees_with_the_machine"
    return None
