"""Masks as COCO run lengths."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from eemo_pipeline.imaging.boxes import Box

Mask = npt.NDArray[np.bool_]


def encode(mask: Mask) -> list[int]:
    """Return the run lengths of a mask, shape (height, width): column by column, background first.

    The uncompressed form of the COCO format: the lengths alternate between background and
    foreground and sum to the number of pixels; the first is 0 where the first pixel is foreground.
    """
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate(([0], changes, [flat.size]))
    lengths = np.diff(edges).tolist()
    return [0, *lengths] if flat.size and flat[0] else lengths


def decode(counts: Sequence[int], size_px: Sequence[int]) -> Mask:
    """Return the mask of the given height and width.

    Raises:
        ValueError: a length is negative, or they do not sum to height times width.
    """
    height, width = size_px
    if min(counts, default=0) < 0 or sum(counts) != height * width:
        raise ValueError(f"run lengths sum to {sum(counts)}, the mask is {height} x {width}")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape((height, width), order="F")


def bounds(mask: Mask) -> Box | None:
    """Return the tightest box around the foreground, None where there is none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return None
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
