"""Primitives for painting an image: gradients, noise, light, outlines, figures.

They work on an H x W x 3 array of floats in 0..1. Positions and sizes are shares of the image's
height unless a name says otherwise, so that a scene looks the same at any size. The scenes are in
`landscapes.py` and `patterns.py`, interpolation and blur in `filters.py`. Painting uses no function
that differs between processors: sums, products and roots, no `np.exp`, `np.hypot` or power.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eemo_pipeline.demo.filters import Mask, blur, decay, resize_cubic

Canvas = NDArray[np.floating[Any]]
_UNSEEN = 1e-3  # light below this changes no 8-bit value
Line = Sequence[tuple[float, float]]


def rgb(code: str) -> NDArray[np.float32]:
    """Return the colour of `#rrggbb`, each of its three parts in 0..1."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], dtype=np.float32)


def fade(height: int, width: int, stops: Sequence[tuple[float, str]]) -> Canvas:
    """Return a vertical gradient through (place from the top, colour)."""
    places = [place for place, _ in stops]
    rows = np.linspace(0, 1, height)
    channels = [np.interp(rows, places, [rgb(code)[i] for _, code in stops]) for i in range(3)]
    column = np.stack(channels, axis=1).astype(np.float32)
    return np.repeat(column[:, None, :], width, axis=1)


def noise(
    rng: np.random.Generator,
    height: int,
    width: int,
    cells: tuple[float, float] = (4, 4),
    octaves: int = 5,
) -> Mask:
    """Return fractal value noise in 0..1; `cells` per height and width of the coarsest octave."""
    total = np.zeros((height, width), dtype=np.float32)
    for octave in range(octaves):
        shape = [
            max(2, min(side, round(count * 2**octave)))
            for side, count in zip((height, width), cells, strict=True)
        ]
        grid = rng.random(shape, dtype=np.float32)
        total += resize_cubic(grid, height, width) / 2**octave
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


@lru_cache(maxsize=8)
def axes(height: int, width: int) -> tuple[Mask, Mask]:
    """Return row and column of every pixel, both in units of the height."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(height)
    y.flags.writeable = x.flags.writeable = False  # shared by all calls with this size
    return y, x


def length(down: Mask, across: Mask) -> Mask:
    """Return the length of the vectors (down, across)."""
    return np.sqrt(down * down + across * across)


def glow(height: int, width: int, y: float, x: float, radius: float) -> Mask:
    """Return light that decays from a point as a Gaussian with `radius` as standard deviation."""
    rows, columns = axes(height, width)
    light = decay(((rows - y) ** 2 + (columns - x) ** 2) / (2 * radius * radius))
    return np.where(light > _UNSEEN, light, 0).astype(np.float32)


def disc(height: int, width: int, y: float, x: float, radius: float) -> Mask:
    """Return a disc with a soft edge of about two pixels."""
    rows, columns = axes(height, width)
    distance = length(rows - y, columns - x)
    return np.clip((radius - distance) * height / 2 + 0.5, 0, 1)


def blend(canvas: Canvas, colour: str | Canvas, mask: Mask) -> Canvas:
    """Return the canvas covered with the colour where the mask is 1."""
    result = canvas.astype(np.float32)
    part = _bounds(mask)
    paint = rgb(colour) if isinstance(colour, str) else colour[part]
    result[part] += (paint - result[part]) * mask[part].astype(np.float32)[..., None]
    return result


def shine(canvas: Canvas, colour: str, mask: Mask) -> Canvas:
    """Add light to the canvas."""
    result = canvas.astype(np.float32)
    part = _bounds(mask)
    result[part] += rgb(colour) * mask[part].astype(np.float32)[..., None]
    return result


def _bounds(mask: Mask) -> tuple[slice, slice]:
    """Return the part of the image outside which the mask is 0: most shapes cover little of it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def ridge(rng: np.random.Generator, width: int, base: float, height: float, peaks: float) -> Mask:
    """Return a mountain line: the share of the image's height, from the top, at every column."""
    line = np.zeros(width, dtype=np.float32)
    for octave in range(7):
        count = max(2, round(peaks * 2**octave) + 1)
        knots = rng.random(count)
        line += np.interp(np.linspace(0, count - 1, width), np.arange(count), knots) / 1.9**octave
    line -= line.min()
    return (base - height * line / max(float(line.max()), 1e-6)).astype(np.float32)


def below(line: Mask, height: int) -> Mask:
    """Return the mask of the area under a line made by `ridge`, with a soft edge."""
    rows = (np.arange(height, dtype=np.float32) / height)[:, None]
    return np.clip((rows - line[None, :]) * height / 1.5, 0, 1)


def polygon(height: int, width: int, points: Sequence[tuple[float, float]]) -> Mask:
    """Fill an outline through (y, x), both in units of the height, antialiased."""
    mask = np.zeros((height, width), dtype=np.uint8)
    corners = np.array([[x * height * 16, y * height * 16] for y, x in points]).round()
    cv2.fillPoly(mask, [corners.astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def strokes(height: int, width: int, lines: Sequence[Line], thickness: float) -> Mask:
    """Draw open lines through (y, x), both in units of the height, antialiased."""
    mask = np.zeros((height, width), dtype=np.uint8)
    corners = [
        np.array([[x * height * 16, y * height * 16] for y, x in line]).round().astype(np.int32)
        for line in lines
    ]
    pixels = max(1, round(thickness * height))
    cv2.polylines(mask, corners, False, 255, pixels, cv2.LINE_AA, 4)  # noqa: FBT003 (OpenCV's signature)
    return mask.astype(np.float32) / 255


def soften(mask: Mask, radius: float) -> Mask:
    """Apply a Gaussian blur; the standard deviation is a share of the height."""
    return blur(mask, max(0.3, radius * mask.shape[0]))


def figure(height: int, width: int, feet: float, x: float, size: float) -> Mask:
    """Return a standing person as a dark shape: head, shoulders, coat and legs."""
    top = feet - size
    body = [
        (top + 0.17 * size, x - 0.05 * size),
        (top + 0.21 * size, x - 0.14 * size),
        (top + 0.52 * size, x - 0.17 * size),
        (top + 0.55 * size, x - 0.11 * size),
        (feet, x - 0.10 * size),
        (feet, x - 0.02 * size),
        (top + 0.62 * size, x),
        (feet, x + 0.03 * size),
        (feet, x + 0.11 * size),
        (top + 0.55 * size, x + 0.11 * size),
        (top + 0.52 * size, x + 0.17 * size),
        (top + 0.21 * size, x + 0.14 * size),
        (top + 0.17 * size, x + 0.05 * size),
    ]
    head = disc(height, width, top + 0.085 * size, x, 0.08 * size)
    return np.maximum(head, polygon(height, width, body))


def finish(rng: np.random.Generator, canvas: Canvas, darkening: float = 0.25) -> Canvas:
    """Add darker corners and the grain of a sensor."""
    height, width = canvas.shape[:2]
    rows, columns = axes(height, width)
    middle = width / height / 2
    distance = ((rows - 0.5) ** 2 + (columns - middle) ** 2) / (0.25 + middle**2)
    grain = rng.standard_normal((height, width, 1), dtype=np.float32) * 0.012
    return np.clip(canvas * (1 - darkening * distance[..., None]) + grain, 0, 1)
