"""Agreement between raters: Krippendorff's alpha, intraclass correlation and kappa.

Intervals of shares are in `intervals.py`.
"""

import math
from typing import Any

import numpy as np


def ordinal_alpha(ratings: np.ndarray) -> float | None:
    """Return Krippendorff's alpha with the ordinal difference (2011, "Computing Krippendorff's
    alpha-reliability"): 1 where all agree, 0 where they agree as by chance.

    Args:
        ratings: items x raters, ordered levels as numbers, NaN where a rater gave none. An item
            with fewer than two ratings does not count.

    Returns:
        None where no item has two ratings, or all ratings are the same.
    """
    return _alpha(ratings, "ordinal")


def nominal_alpha(labels: np.ndarray) -> float | None:
    """Return Krippendorff's alpha of labels without an order, given as numbers.

    Args:
        labels: items x raters, NaN where a rater gave none.

    Returns:
        None where no item has two labels, or all labels are the same.
    """
    return _alpha(labels, "nominal")


def interval_alpha(ratings: np.ndarray) -> float | None:
    """Return Krippendorff's alpha of ratings on an interval scale; see `nominal_alpha`."""
    return _alpha(ratings, "interval")


def masi_alpha(sets: np.ndarray) -> float | None:
    """Return Krippendorff's alpha of sets of labels, with the MASI distance (Passonneau 2006).

    Args:
        sets: items x raters, each set a whole number with one bit per label, NaN where a rater gave
            none.
    """
    return _alpha(sets, _masi)


def masi_distance(one: int, other: int) -> float:
    """Return 1 - Jaccard x (1, 2/3, 1/3, 0): equal, one in the other, overlapping, apart."""
    shared, joint = one & other, one | other
    if one == other:
        return 0.0
    if not shared:
        return 1.0
    factor = 2 / 3 if shared in (one, other) else 1 / 3
    return 1 - factor * shared.bit_count() / joint.bit_count()


def _masi(first: np.ndarray, second: np.ndarray, **_: object) -> np.ndarray:
    one, other = np.broadcast_arrays(first, second)
    pairs = zip(one.ravel().tolist(), other.ravel().tolist(), strict=True)
    values = [masi_distance(int(left), int(right)) for left, right in pairs]
    return np.array(values, dtype=float).reshape(one.shape)


def _alpha(values: np.ndarray, level: Any) -> float | None:
    import krippendorff

    counted = values[(~np.isnan(values)).sum(axis=1) > 1]
    if len(np.unique(counted[~np.isnan(counted)])) < 2:
        return None
    return float(krippendorff.alpha(counted.T, level_of_measurement=level))


def two_way_icc(ratings: np.ndarray) -> tuple[float | None, float | None]:
    """Return ICC(2,1) and ICC(2,k) (Shrout and Fleiss 1979): the same raters rated every item.

    Args:
        ratings: items x raters, complete.

    Returns:
        None twice where there are fewer than two items or raters, or no rating varies.
    """
    items, raters = ratings.shape if ratings.ndim == 2 else (0, 0)
    if items < 2 or raters < 2:
        return None, None
    mean = ratings.mean()
    of_items, of_raters = ratings.mean(axis=1), ratings.mean(axis=0)
    between = raters * float(((of_items - mean) ** 2).sum()) / (items - 1)
    judges = items * float(((of_raters - mean) ** 2).sum()) / (raters - 1)
    residual = ratings - of_items[:, None] - of_raters[None, :] + mean
    error = float((residual**2).sum()) / ((items - 1) * (raters - 1))
    below = between + (raters - 1) * error + raters * (judges - error) / items
    below_mean = between + (judges - error) / items
    single = (between - error) / below if below > 0 else None
    return single, (between - error) / below_mean if below_mean > 0 else None


def one_way_icc(ratings: np.ndarray) -> tuple[float | None, float | None]:
    """Return ICC(1,1) and ICC(1,k) (Shrout and Fleiss 1979): each item has raters of its own.

    The reliability of one rating, and of the mean of k; k is the mean number of ratings of an item
    as the one-way analysis of variance of unequal groups defines it.

    Args:
        ratings: items x raters, NaN where a rater gave none. An item with fewer than two ratings
            does not count.

    Returns:
        None twice where fewer than two items count, or no rating varies.
    """
    counted = ratings[(~np.isnan(ratings)).sum(axis=1) > 1]
    items = len(counted)
    if items < 2:
        return None, None
    sizes = (~np.isnan(counted)).sum(axis=1)
    total = sizes.sum()
    means = np.nansum(counted, axis=1) / sizes
    between = float((sizes * (means - np.nansum(counted) / total) ** 2).sum()) / (items - 1)
    within = float(np.nansum((counted - means[:, None]) ** 2)) / (total - items)
    typical = float(total - (sizes**2).sum() / total) / (items - 1)
    if between + within == 0:
        return None, None
    single = (between - within) / (between + (typical - 1) * within)
    mean = (between - within) / between if between > 0 else None
    return single, mean


def fleiss_kappa(labels: np.ndarray) -> float | None:
    """Return Fleiss' kappa (1971, doi 10.1037/h0031619) of labels without an order.

    Unlike alpha it takes chance agreement from all labels as they are, without a correction for few
    of them, and every item must have as many.

    Args:
        labels: items x raters, given as numbers, complete. The raters of an item may be others
            than those of the next.

    Returns:
        None without items, with fewer than two raters, or where all labels are the same.
    """
    items, raters = labels.shape if labels.ndim == 2 else (0, 0)
    if items == 0 or raters < 2:
        return None
    names, codes = np.unique(labels, return_inverse=True)
    counts = np.zeros((items, len(names)))
    np.add.at(counts, (np.repeat(np.arange(items), raters), codes.ravel()), 1)
    observed = float((counts * (counts - 1)).sum()) / (items * raters * (raters - 1))
    expected = float(((counts.sum(axis=0) / labels.size) ** 2).sum())
    return None if len(names) == 1 else (observed - expected) / (1 - expected)


def weighted_kappa(first: np.ndarray, second: np.ndarray, levels: int) -> float | None:
    """Return Cohen's kappa with linear weights (1968) of two raters on the same items.

    Args:
        first: levels from 0, one per item.
        second: likewise.
        levels: the number of levels.

    Returns:
        None without items, or where neither rater varies.
    """
    from sklearn.metrics import cohen_kappa_score  # takes a second

    both = np.concatenate([first, second])
    if len(both) == 0 or len(np.unique(both)) < 2:
        return None
    kappa = float(cohen_kappa_score(first, second, labels=list(range(levels)), weights="linear"))
    return None if math.isnan(kappa) else kappa
