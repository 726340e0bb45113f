"""Masks as COCO run lengths, plain and compressed, and as polygons."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from eemo_pipeline.imaging.boxes import Box

Mask = npt.NDArray[np.bool_]
# Points (n, 2) in px, x and y of pixel centres.
Polygon = npt.NDArray[np.int32]
_MOST_GROUPS = 12  # of five bits in one number


def encode(mask: Mask) -> list[int]:
    """Return the run lengths of a mask, shape (height, width): column by column, background first.

    The uncompressed form of the COCO format: the lengths alternate between background and
    foreground and sum to the number of pixels; the first is 0 where the first pixel is foreground.
    """
    return _measure_runs(mask).tolist()


def encode_compressed(mask: Mask) -> str:
    """Return the run lengths of a mask in COCO's compressed form."""
    return compress(_measure_runs(mask))


def _measure_runs(mask: Mask) -> npt.NDArray[np.int64]:
    import cv2

    flat = cv2.transpose(np.ascontiguousarray(mask).view(np.uint8)).ravel()
    is_change = np.zeros(-flat.size % 8 + flat.size, dtype=bool)
    np.not_equal(flat[1:], flat[:-1], out=is_change[1 : flat.size])
    # Few of the words of eight pixels hold a change: the others are passed over at once.
    words = np.flatnonzero(is_change.view(np.uint64) != 0)
    places, offsets = np.nonzero(is_change.reshape(-1, 8)[words])
    starts = words[places] * 8 + offsets
    first = [0, 0] if flat.size and flat[0] else [0]
    return np.diff(np.concatenate((first, starts, [flat.size])))


def compress(counts: Sequence[int] | npt.NDArray[np.int64]) -> str:
    """Return run lengths in COCO's compressed form: text of the characters `0` to `o`.

    From the fourth on, a length is written as its difference to the one two before. Each number is
    split into groups of five bits, the lowest first; a sixth bit says that another group follows.
    """
    values = np.asarray(counts, dtype=np.int64)
    left = values.copy()
    left[3:] -= values[1:-2]
    groups: list[npt.NDArray[np.uint8]] = []
    # Of a finished number, nothing is left but bits that equal its sign: no group is written.
    goes_on = np.ones(left.size, dtype=bool)
    while goes_on.any():
        bits = left & 0x1F
        left >>= 5
        follows = left != -(bits >> 4)
        groups.append(((bits + 48 + (follows << 5)) * goes_on).astype(np.uint8))
        goes_on &= follows
    characters = np.stack(groups, axis=1).ravel() if groups else np.empty(0, np.uint8)
    return characters[characters > 0].tobytes().decode("ascii")


def decompress(text: str) -> list[int]:
    """Return the run lengths that `compress` or pycocotools wrote.

    Raises:
        ValueError: a character is none of the form, the last number is cut off, or a number has
            more than 60 bits.
    """
    codes = (
        np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8).astype(np.int64) - 48
    )
    if codes.size == 0:
        return []
    if codes.min() < 0 or codes.max() > 0x3F or codes[-1] & 0x20:
        raise ValueError("the text is no compressed run lengths, or is cut off")
    ends = np.flatnonzero((codes & 0x20) == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > _MOST_GROUPS:
        raise ValueError("a compressed run length has more than 60 bits")
    place = np.arange(codes.size) - np.repeat(starts, lengths)
    values = np.add.reduceat((codes & 0x1F) << (5 * place), starts)
    values -= np.where(codes[ends] & 0x10, np.int64(1) << (5 * lengths), 0)
    for first in (1, 2):
        values[first::2] = np.cumsum(values[first::2])
    return values.tolist()


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


def enlarge(mask: Mask, width_px: int, height_px: int) -> Mask:
    """Return the mask of an image of the given size: each of its pixels takes the nearest value."""
    import cv2

    full = cv2.resize(
        np.ascontiguousarray(mask).view(np.uint8),
        (width_px, height_px),
        interpolation=cv2.INTER_NEAREST,
    )
    return np.asarray(full).view(np.bool_)


def bounds(mask: Mask) -> Box | None:
    """Return the tightest box around the foreground, None where there is none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return None
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def outline(mask: Mask) -> list[Polygon]:
    """Return the outlines of the foreground and of its holes, through the centres of its pixels.

    `fill` restores the mask. Formats without holes lose them.
    """
    import cv2

    contours, _ = cv2.findContours(
        np.ascontiguousarray(mask, dtype=np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    return [contour.reshape(-1, 2).astype(np.int32, copy=False) for contour in contours]


def fill(polygons: Sequence[Polygon], size_px: Sequence[int]) -> Mask:
    """Return the mask of the given height and width that the outlines enclose, by even and odd."""
    import cv2

    canvas = np.zeros(tuple(size_px), dtype=np.uint8)
    if polygons:
        cv2.fillPoly(canvas, list(polygons), 1)
    return canvas.astype(bool)
