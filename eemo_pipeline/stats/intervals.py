"""Confidence intervals of shares, and tests of a difference between two shares.

Wilson's interval, the paired bootstrap, McNemar's test and Holm's correction. Every draw comes from
`hash_draws.py`, so that the same counts give the same intervals.
"""

from collections.abc import Sequence

import numpy as np

from eemo_pipeline.stats.hash_draws import uniforms

Z_95 = 1.959964
RESAMPLES = 10_000
# Resamples drawn at once: 500 x 2,000 images are 4 MB of draws.
_AT_ONCE = 500


def wilson(right: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % bounds of a share `right / count` (Wilson 1927); 0 and 1 if count is 0."""
    hits, trials = np.asarray(right, dtype=float), np.asarray(count, dtype=float)
    total = np.maximum(trials, 1)
    share = hits / total
    spread = Z_95**2 / total
    middle = share + spread / 2
    reach = Z_95 * np.sqrt(share * (1 - share) / total + spread / (4 * total))
    lower = np.where(trials > 0, (middle - reach) / (1 + spread), 0.0)
    upper = np.where(trials > 0, (middle + reach) / (1 + spread), 1.0)
    return np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)


def bootstrap_shares(
    hits: np.ndarray, counted: np.ndarray, seed: str, resamples: int = RESAMPLES
) -> np.ndarray:
    """Return shares of resampled images (Efron 1979), paired: all columns use the same resamples.

    Args:
        hits: images x columns, 1 where the image is a hit.
        counted: images x columns, 1 where the image counts at all.
        seed: names the draws.
        resamples: number of resamples.

    Returns:
        resamples x columns; NaN where a resample counts no image.
    """
    size, columns = hits.shape
    if size == 0:
        return np.full((resamples, columns), np.nan)
    both = np.concatenate([hits, counted], axis=1).astype(float)
    shares = np.empty((resamples, columns))
    for start in range(0, resamples, _AT_ONCE):
        rows = min(_AT_ONCE, resamples - start)
        drawn = (uniforms(rows * size, seed, str(start)) * size).astype(np.int64)
        places = drawn.reshape(rows, size) + size * np.arange(rows)[:, None]
        weights = np.bincount(places.ravel(), minlength=rows * size).reshape(rows, size)
        # Sums of whole and half numbers are exact in any order, also across threads.
        sums = weights.astype(float) @ both
        with np.errstate(invalid="ignore"):
            shares[start : start + rows] = sums[:, :columns] / sums[:, columns:]
    return shares


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """Return the exact two-sided p of McNemar's test (1947) on paired hits; 1 if none differ."""
    differing = int((first ^ second).sum())
    better = int((first & ~second).sum())
    # In whole numbers: p is a multiple of a power of 2, and rounds alike on every processor. With
    # even chances both tails are alike, and each coefficient follows from the one before.
    tail = coefficient = 1
    for count in range(min(better, differing - better)):
        coefficient = coefficient * (differing - count) // (count + 1)
        tail += coefficient
    return min(1.0, 2 * tail / 2**differing)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number by Holm's step-down (1979); the order is kept."""
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    ranked = sorted(range(len(p_values)), key=lambda place: (p_values[place], place))
    for rank, place in enumerate(ranked):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = largest
    return adjusted
