"""Statistics of raters that a page shows while they work: alpha with an interval, and offsets.

Krippendorff's alpha from counts per item needs no library and resamples fast. `agreement.py` has
the measures of the tables.
"""

from dataclasses import dataclass

import numpy as np

from eemo_pipeline.stats.hash_draws import uniforms
from eemo_pipeline.stats.intervals import Z_95

RESAMPLES = 400
_CELLS = 2_000_000  # weights drawn at once: 16 MB


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; None where it is not defined.

    Attributes:
        value: the number.
        lower: lower bound.
        upper: upper bound.
        count: items or ratings behind it.
    """

    value: float | None
    lower: float | None
    upper: float | None
    count: int


def nominal_distances(levels: int) -> np.ndarray:
    """Return levels x levels: 0 for the same, 1 for another."""
    return 1.0 - np.eye(levels)


def interval_distances(levels: int) -> np.ndarray:
    """Return levels x levels: the squared difference."""
    places = np.arange(levels)
    return (places[:, None] - places[None, :]) ** 2.0


def estimate_alpha(counts: np.ndarray, distances: np.ndarray, seed: str) -> Estimate:
    """Return Krippendorff's alpha (2011) with a bootstrap over items (Efron 1979).

    Args:
        counts: items x levels, how many raters gave each level; items with one rating are left out.
        distances: levels x levels.
        seed: names the draws.
    """
    sizes = counts.sum(axis=1)
    counted = counts[sizes > 1].astype(float)
    sizes = sizes[sizes > 1]
    items = len(counted)
    if items == 0:
        return Estimate(None, None, None, 0)
    observed = np.einsum("ic,ck,ik->i", counted, distances, counted) / (sizes - 1)
    whole = _alphas(np.ones((1, items)), observed, counted, distances)[0]
    if np.isnan(whole):
        return Estimate(None, None, None, items)
    drawn = []
    at_once = max(1, _CELLS // items)
    for start in range(0, RESAMPLES, at_once):
        rows = min(at_once, RESAMPLES - start)
        places = (uniforms(rows * items, seed, str(start)) * items).astype(np.int64)
        places = places.reshape(rows, items) + items * np.arange(rows)[:, None]
        weights = np.bincount(places.ravel(), minlength=rows * items).reshape(rows, items)
        drawn.append(_alphas(weights.astype(float), observed, counted, distances))
    known = np.concatenate(drawn)
    known = known[~np.isnan(known)]
    lower, upper = np.percentile(known, [2.5, 97.5]) if len(known) else (None, None)
    return Estimate(float(whole), _plain(lower), _plain(upper), items)


def find_offsets(items: np.ndarray, raters: np.ndarray, ratings: np.ndarray) -> dict[int, Estimate]:
    """Return, per rater, how far their ratings lie from the mean of the others' on the same item.

    The interval is that of a mean of differences, with the standard error of the differences.

    Args:
        items: number of the item of each rating.
        raters: number of the rater of each rating.
        ratings: the ratings.
    """
    if len(items) == 0:
        return {}
    sums = np.bincount(items, ratings)
    sizes = np.bincount(items)
    shared = sizes[items] > 1
    others = (sums[items] - ratings)[shared] / (sizes[items][shared] - 1)
    differences, whose = ratings[shared] - others, raters[shared]
    found = {}
    for rater in np.unique(whose):
        own = differences[whose == rater]
        mean = float(own.mean())
        if len(own) < 2:
            found[int(rater)] = Estimate(mean, None, None, len(own))
            continue
        reach = Z_95 * float(own.std(ddof=1)) / len(own) ** 0.5
        found[int(rater)] = Estimate(mean, mean - reach, mean + reach, len(own))
    return found


def _alphas(
    weights: np.ndarray, observed: np.ndarray, counted: np.ndarray, distances: np.ndarray
) -> np.ndarray:
    """Return alpha of each row of weights of items; NaN where all ratings are the same."""
    totals = weights @ counted
    number = totals.sum(axis=1)
    expected = np.einsum("rc,ck,rk->r", totals, distances, totals) / (number - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - weights @ observed / expected, np.nan)


def _plain(bound: float | None) -> float | None:
    return None if bound is None else float(bound)
