"""Interpolation, blur and decay with the same bits on every processor.

Everything here is sums and products in a written order, which IEEE 754 defines to the last bit.
OpenCV's filters of floats and NumPy's `exp`, `power`, `hypot` and `arctan2` have one version per
set of vector instructions, and the versions differ in the last digit: enough to change an 8-bit
value, and with it the file.
"""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Mask = NDArray[np.floating[Any]]
_SHARPNESS = -0.75  # of cubic interpolation
_HALVINGS = 5
_FAINTEST = np.float32(2**_HALVINGS)  # exp(-32) is 0 for every mask


def decay(amount: Mask) -> Mask:
    """Return exp(-amount) for amounts of at least 0, right to 2e-6.

    The fourth-order polynomial of a 32nd of the amount, squared five times.
    """
    step = np.minimum(amount.astype(np.float32), _FAINTEST) / _FAINTEST
    left = np.full_like(step, 1 / 24)
    for factor in (-1 / 6, 1 / 2, -1, 1):
        left *= step
        left += factor
    for _ in range(_HALVINGS):
        left *= left
    return left


def resize_cubic(grid: Mask, height: int, width: int) -> Mask:
    """Return the grid at another size in px, by cubic convolution."""
    return _resample(grid, _cubic(grid.shape[0], height), _cubic(grid.shape[1], width))


def resize_linear(grid: Mask, height: int, width: int) -> Mask:
    """Return the grid at another size in px, interpolated linearly."""
    return _resample(grid, _linear(grid.shape[0], height), _linear(grid.shape[1], width))


def blur(mask: Mask, deviation_px: float) -> Mask:
    """Apply a Gaussian blur to an array of two or three axes, the third being channels."""
    from scipy.ndimage import correlate1d

    reach = max(1, round(deviation_px * 4))
    bell = [math.exp(-((k / deviation_px) ** 2) / 2) for k in range(-reach, reach + 1)]
    # Rounded, so that the last digit of `exp` does not count.
    weights = [round(part / math.fsum(bell) * 2**24) / 2**24 for part in bell]
    rows = correlate1d(mask.astype(np.float32), weights, axis=0, mode="mirror")
    return correlate1d(rows, weights, axis=1, mode="mirror")


def _resample(grid: Mask, rows: "csr_array", columns: "csr_array") -> Mask:
    # A sparse product adds the terms of a row in their order; a dense one is left to BLAS.
    return np.ascontiguousarray((columns @ (rows @ grid.astype(np.float32)).T).T)


@lru_cache(maxsize=64)
def _cubic(old: int, new: int) -> "csr_array":
    first, part = _positions(old, new)
    near, far = np.stack([part, 1 - part]), np.stack([part + 1, 2 - part])
    inner = ((_SHARPNESS + 2) * near - (_SHARPNESS + 3)) * near * near + 1
    outer = ((_SHARPNESS * far - 5 * _SHARPNESS) * far + 8 * _SHARPNESS) * far - 4 * _SHARPNESS
    weights = np.stack([outer[0], inner[0], inner[1], outer[1]], axis=1)
    return _weigh(first[:, None] + np.arange(-1, 3), weights, old)


@lru_cache(maxsize=64)
def _linear(old: int, new: int) -> "csr_array":
    first, part = _positions(old, new)
    return _weigh(first[:, None] + np.arange(2), np.stack([1 - part, part], axis=1), old)


def _positions(old: int, new: int) -> tuple[NDArray[np.int64], Mask]:
    """Return the cell left of the centre of each new cell, and the way to the next one, 0-1."""
    centres = (np.arange(new) + 0.5) * (old / new) - 0.5
    first = np.floor(centres)
    return first.astype(np.int64), centres - first


def _weigh(cells: NDArray[np.int64], weights: Mask, old: int) -> "csr_array":
    """Return the matrix new x old with the weights; cells beyond the border count as the last."""
    from scipy.sparse import csr_array

    starts = np.arange(cells.shape[0] + 1) * cells.shape[1]
    inside = np.clip(cells, 0, old - 1).ravel()
    shape = (cells.shape[0], old)
    return csr_array((weights.astype(np.float32).ravel(), inside, starts), shape=shape)
