"""Geometry of boxes in pixels. Masks are in `masks.py`, the matching in `box_matching.py`."""

from typing import NamedTuple


class Box(NamedTuple):
    """A box in px: left, upper, right and lower edge; the edges are between pixels."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def area(self) -> float:
        """Return width times height, 0 where either is negative."""
        return max(0.0, self.x2 - self.x1) * max(0.0, self.y2 - self.y1)


def intersection_over_union(one: Box, other: Box) -> float:
    """Return shared area over joint area, 0-1; 0 where both boxes are empty."""
    shared = Box(
        max(one.x1, other.x1), max(one.y1, other.y1), min(one.x2, other.x2), min(one.y2, other.y2)
    ).area
    joint = one.area + other.area - shared
    return shared / joint if joint > 0 else 0.0


def clip(box: Box, width: float, height: float) -> Box:
    """Return the part of the box inside an image."""
    return Box(
        min(max(box.x1, 0.0), width),
        min(max(box.y1, 0.0), height),
        min(max(box.x2, 0.0), width),
        min(max(box.y2, 0.0), height),
    )


def turn(box: Box, orientation: int, width: float, height: float) -> Box:
    """Return the box in the upright image.

    Args:
        box: the box on the stored pixels.
        orientation: EXIF orientation of the file, 1-8.
        width: width of the stored pixels in px.
        height: height of the stored pixels in px.
    """
    x1, y1, x2, y2 = box
    left, upper = width - x2, height - y2
    right, lower = width - x1, height - y1
    return {
        1: box,
        2: Box(left, y1, right, y2),
        3: Box(left, upper, right, lower),
        4: Box(x1, upper, x2, lower),
        5: Box(y1, x1, y2, x2),
        6: Box(upper, x1, lower, x2),
        7: Box(upper, left, lower, right),
        8: Box(y1, left, y2, right),
    }[orientation]


def pad(box: Box, margin: float) -> Box:
    """Return the box with each edge moved outwards by `margin` px."""
    return Box(box.x1 - margin, box.y1 - margin, box.x2 + margin, box.y2 + margin)


def scale(box: Box, across: float, down: float) -> Box:
    """Return the box in an image that is `across` times as wide and `down` times as high."""
    return Box(box.x1 * across, box.y1 * down, box.x2 * across, box.y2 * down)
