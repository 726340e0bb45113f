"""Rows of `review__agreement`: an estimate with its interval, and the matrices behind it."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import polars as pl

from eemo_pipeline.stats import rater_statistics
from eemo_pipeline.stats.agreement import (
    interval_alpha,
    masi_alpha,
    masi_distance,
    nominal_alpha,
)
from eemo_pipeline.stats.hash_draws import uniforms
from eemo_pipeline.stats.intervals import wilson

RESAMPLES = 1_000
Level = Literal["nominal", "interval", "masi"]
_ALPHAS: Mapping[Level, Callable[[np.ndarray], float | None]] = {
    "nominal": nominal_alpha,
    "interval": interval_alpha,
    "masi": masi_alpha,
}
FEWEST = 30  # images or answers, below which a number says little
Measure = Callable[[np.ndarray], float | None]


def rating_matrix(votes: pl.DataFrame) -> np.ndarray:
    """Return images x judgements, NaN where an image has fewer; images with one are left out.

    Args:
        votes: columns image_id, rater_id and rating, a number.
    """
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


def estimate(measure: str, field: str, ratings: np.ndarray, of: Measure) -> dict[str, Any]:
    """Return a row: the measure of all images, and the interval of a bootstrap over images.

    Args:
        measure: its name.
        field: the judged field.
        ratings: images x numbers.
        of: the measure; None where it is not defined.
    """
    size = len(ratings)
    value = of(ratings) if size else None
    lower = upper = None
    if value is not None:
        drawn = (uniforms(RESAMPLES * size, measure, field) * size).astype(np.int64)
        resampled = [of(ratings[places]) for places in drawn.reshape(RESAMPLES, size)]
        known = [one for one in resampled if one is not None]
        if known:
            lower, upper = (float(bound) for bound in np.percentile(known, [2.5, 97.5]))
    return make_row(measure, field, value, lower, upper, size)


def estimate_alpha(measure: str, field: str, ratings: np.ndarray, level: Level) -> dict[str, Any]:
    """Return a row: Krippendorff's alpha, and the interval of a bootstrap over images.

    Args:
        measure: its name.
        field: the judged field.
        ratings: images x judgements, as of `rating_matrix`.
        level: the distance of two judgements.
    """
    if not len(ratings):
        return make_row(measure, field, None, None, None, 0)
    is_given = ~np.isnan(ratings)
    values, codes = np.unique(ratings[is_given], return_inverse=True)
    counts = np.zeros((len(ratings), len(values)), dtype=np.int64)
    np.add.at(counts, (np.nonzero(is_given)[0], codes), 1)
    found = rater_statistics.estimate_alpha(counts, _distances(values, level), f"{measure} {field}")
    # The library has the value; its own time for a resample is too long (minutes for 500 images).
    value = _ALPHAS[level](ratings)
    return make_row(measure, field, value, found.lower, found.upper, len(ratings))


def _distances(values: np.ndarray, level: Level) -> np.ndarray:
    """Return values x values: whether they differ, its square, or the distance of sets."""
    if level == "nominal":
        return rater_statistics.nominal_distances(len(values))
    if level == "interval":
        return (values[:, None] - values[None]) ** 2
    sets = [int(value) for value in values]
    return np.array([[masi_distance(one, other) for other in sets] for one in sets], dtype=float)


def share(measure: str, field: str, hits: int, count: int) -> dict[str, Any]:
    """Return a row of a share, with Wilson's interval."""
    if count == 0:
        return make_row(measure, field, None, None, None, 0)
    lower, upper = wilson(np.array([hits]), np.array([count]))
    return make_row(measure, field, hits / count, float(lower[0]), float(upper[0]), count)


def make_row(
    measure: str,
    field: str,
    value: float | None,
    lower: float | None,
    upper: float | None,
    count: int,
) -> dict[str, Any]:
    """Return a row of `review__agreement`."""
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
