"""Agreement between raters on ordered levels: Krippendorff's alpha and weighted kappa.

Intervals of shares are in `intervals.py`.
"""

import math

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
    counted = ratings[(~np.isnan(ratings)).sum(axis=1) > 1]
    levels = np.unique(counted[~np.isnan(counted)])
    if len(levels) < 2:
        return None
    # items x levels: how many raters gave the level
    given = (counted[:, :, None] == levels).sum(axis=1).astype(float)
    per_item = given.sum(axis=1, keepdims=True)
    pairs = given[:, :, None] * given[:, None, :] - given[:, :, None] * np.eye(len(levels))
    coincidences = (pairs / (per_item[:, :, None] - 1)).sum(axis=0)
    totals = coincidences.sum(axis=1)
    upto = np.cumsum(totals)
    # ratings between two levels, each end counted by half
    between = np.abs((upto - totals / 2)[:, None] - (upto - totals / 2)[None, :])
    expected = float((np.outer(totals, totals) * between**2).sum())
    observed = float((coincidences * between**2).sum())
    return 1 - (totals.sum() - 1) * observed / expected


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
