"""Rounds shares so that they sum to one; verifiers and decisions use it."""

import numpy as np

SHARE_DECIMALS = 6


def round_shares(shares: np.ndarray) -> np.ndarray:
    """Return each row of non-negative numbers as shares of its sum, 6 decimals, summing to 1.

    The rounding remainder goes to the largest share. A row of zeros becomes even shares.
    """
    if shares.size == 0:
        return shares
    totals = shares.sum(axis=1, keepdims=True)
    even = np.full_like(shares, 1 / shares.shape[1])
    rounded = np.round(
        np.divide(shares, totals, out=even, where=totals > 0),
        SHARE_DECIMALS,
    )
    rows = np.arange(len(rounded))
    largest = rounded.argmax(axis=1)
    rounded[rows, largest] += 1 - rounded.sum(axis=1)
    return np.round(rounded, SHARE_DECIMALS)
