"""How far people agree with one another and with the machine, and how carefully they look."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.agreement import interval_alpha, nominal_alpha, one_way_icc
from eemo_pipeline.stats.hash_draws import uniforms
from eemo_pipeline.stats.intervals import wilson

_TABLE = TABLES["review__agreement"]
_RESAMPLES = 1_000
FEWEST = 30  # images or answers, below which a number says little
_Measure = Callable[[np.ndarray], float | None]


def build_agreement(votes: pl.DataFrame, probes: pl.DataFrame, queue: pl.DataFrame) -> pl.DataFrame:
    """Return `review__agreement`: one row per measure and field.

    - alpha: Krippendorff's alpha of the blind judgements, nominal for emotions and interval for
      ratings, over images with two judgements or more; the interval is a bootstrap over images.
    - icc_single, icc_mean: ICC(1,1) and ICC(1,k) of the ratings (Shrout and Fleiss 1979), for
      images that are each rated by other people; k is the mean number of ratings.
    - blind_is_machine: share of blind judgements that name the machine's emotion.
    - changed_after_machine: share of the others in which the person then changed to it.
    - accepted: share of drafts that were confirmed, without those that were wrong on purpose.
    - wrong_accepted: share of drafts, wrong on purpose, that were confirmed.

    Args:
        votes: rows of `review__votes`.
        probes: rows of `_review__probes`.
        queue: rows of `review__queue`.
    """
    counted = votes.filter(pl.col("is_counted"))
    rows = [*_between_people(counted), *_with_machine(counted, queue), *_drafts(counted, probes)]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _between_people(votes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    blind = votes.filter(pl.col("phase") == "blind")
    emotions = blind.filter(pl.col("reviewed_field") == "emotion").with_columns(
        pl.col("said_json").rank("dense").cast(pl.Float64).alias("rating")
    )
    yield _estimate("alpha", "emotion", _matrix(emotions), nominal_alpha)
    for field in ("valence", "arousal"):
        ratings = _matrix(blind.filter(pl.col("reviewed_field") == field))
        yield _estimate("alpha", field, ratings, interval_alpha)
        yield _estimate("icc_single", field, ratings, lambda rows: one_way_icc(rows)[0])
        yield _estimate("icc_mean", field, ratings, lambda rows: one_way_icc(rows)[1])


def _with_machine(votes: pl.DataFrame, queue: pl.DataFrame) -> Iterator[dict[str, Any]]:
    machine = queue.drop_nulls("machine_emotion").select("image_id", "machine_emotion")
    felt = votes.filter(
        (pl.col("phase") == "blind") & (pl.col("reviewed_field") == "emotion")
    ).join(machine, on="image_id")
    same = [
        json.loads(said) == emotion
        for said, emotion in felt.select("said_json", "machine_emotion").iter_rows()
    ]
    yield _share("blind_is_machine", "emotion", sum(same), len(same))
    seen = votes.filter(pl.col("phase") == "reconciled")["vote"]
    yield _share("changed_after_machine", "emotion", int((seen == "changed").sum()), seen.len())


def _drafts(votes: pl.DataFrame, probes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    checked = votes.filter(pl.col("phase") == "drafts")
    for (field,), given in checked.group_by(["reviewed_field"], maintain_order=True):
        accepted = int((given["vote"] == "confirmed").sum())
        yield _share("accepted", str(field), accepted, given.height)
    wrong = int((probes["vote"] == "confirmed").sum())
    yield _share("wrong_accepted", "any", wrong, probes.height)


def _matrix(votes: pl.DataFrame) -> np.ndarray:
    """Return images x judgements, NaN where an image has fewer; images with one are left out."""
    lists = (
        votes.sort("image_id", "rater_id")
        .group_by("image_id", maintain_order=True)
        .agg("rating")
        .filter(pl.col("rating").list.len() > 1)["rating"]
        .to_list()
    )
    widest = max((len(row) for row in lists), default=0)
    matrix = np.full((len(lists), widest), np.nan)
    for place, row in enumerate(lists):
        matrix[place, : len(row)] = row
    return matrix


def _estimate(measure: str, field: str, ratings: np.ndarray, of: _Measure) -> dict[str, Any]:
    size = len(ratings)
    value = of(ratings) if size else None
    lower = upper = None
    if value is not None:
        drawn = (uniforms(_RESAMPLES * size, measure, field) * size).astype(np.int64)
        resampled = [of(ratings[places]) for places in drawn.reshape(_RESAMPLES, size)]
        known = [one for one in resampled if one is not None]
        if known:
            lower, upper = (float(bound) for bound in np.percentile(known, [2.5, 97.5]))
    return _row(measure, field, value, lower, upper, size)


def _share(measure: str, field: str, hits: int, count: int) -> dict[str, Any]:
    if count == 0:
        return _row(measure, field, None, None, None, 0)
    lower, upper = wilson(np.array([hits]), np.array([count]))
    return _row(measure, field, hits / count, float(lower[0]), float(upper[0]), count)


def _row(
    measure: str,
    field: str,
    value: float | None,
    lower: float | None,
    upper: float | None,
    count: int,
) -> dict[str, Any]:
    return {
        "measure": measure,
        "judged_field": field,
        "estimate": _rounded(value),
        "estimate_lower": _rounded(lower),
        "estimate_upper": _rounded(upper),
        "counted": count,
        "is_too_few": count < FEWEST,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
