"""A fixed feature vector of an image for a linear classifier.

Learning from the features is in `stages/verification/`; attributes that people read are in
`pixel_measures.py`.

The choice follows the affective image features of Machajdik and Hanbury 2010, "Affective image
classification using features inspired by psychology and art theory": brightness and saturation, the
pleasure-arousal-dominance of Valdez and Mehrabian, colourfulness, hue statistics, texture, and the
inner third (rule of thirds), with colour moments on a grid, oriented gradients (Dalal and Triggs
2005) and local binary patterns (Ojala et al. 2002) for composition and texture.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from eemo_pipeline.emotion.colour import (
    colour_emotion,
    lab_of,
    pleasure_arousal_dominance,
    rgb_of,
)
from eemo_pipeline.imaging.opening import UnreadablePicture, open_picture
from eemo_pipeline.imaging.pixel_measures import Pixels, dominant_colours, measure_pixels

Vector = npt.NDArray[np.float64]

FEATURE_METHOD = (
    "affective pixel features 3, after Machajdik and Hanbury 2010: 5 attributes, 3 pleasure "
    "arousal dominance, 3 colour emotions, 8 L and 12 hue histogram, 27 Lab means and 9 L "
    "deviations on a 3x3 grid, 3 Lab of the inner third, 8 gradient orientations, 10 uniform LBP"
)
FEATURE_COUNT = 88
_LONG_SIDE = 160
_LEVELS, _HUES, _ORIENTATIONS, _PATTERNS = 8, 12, 8, 10
_ON_BORDER = 1e-9  # radians; an angle this close to the border of two bins counts as on it


def extract_features(path: Path, image_id: str) -> dict[str, Any]:
    """Return the features of a file, as JSON values.

    The result has `status` "ok" with `features`, FEATURE_COUNT floats rounded to six decimals, or
    `status` "error" with the `reason` and `detail` of an UnreadablePicture.
    """
    try:
        picture = open_picture(path, _LONG_SIDE, image_id)
    except UnreadablePicture as refusal:
        return {"status": "error", "reason": refusal.reason, "detail": refusal.detail}
    return {"status": "ok", "features": (pixel_features(picture.rgb).round(6) + 0.0).tolist()}


def pixel_features(rgb: Pixels) -> Vector:
    """Return FEATURE_COUNT numbers in the order of FEATURE_METHOD, mostly between -1 and 1."""
    measured = measure_pixels(rgb)
    brightness, saturation = measured["brightness"], measured["saturation"]
    names, shares = dominant_colours(rgb, 8)
    segments = lab_of(np.array([rgb_of(name) for name in names], dtype=np.uint8))
    # Shares are rounded to six decimals: unnormalised, a grey image would fall between two values.
    weights = np.array(shares) / sum(shares)
    emotions = [float((weights * factor).sum()) for factor in colour_emotion(segments)]
    # Lab scaled to 0-1 and about -1 to 1.
    lab = lab_of(rgb) / 100.0
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return np.concatenate(
        [
            [brightness, saturation, measured["contrast"], measured["edge_density"]],
            [measured["colourfulness"] / 100],
            pleasure_arousal_dominance(brightness, saturation),
            emotions,
            _histogram(lab[..., 0], _LEVELS, 1.0, np.ones(lab.shape[:2])),
            _hue_histogram(lab),
            _grid(lab),
            _inner_third(lab),
            _orientations(grey),
            _binary_patterns(grey),
        ]
    )


def _histogram(values: Vector, bins: int, top: float, weights: Vector) -> Vector:
    """Return shares of the weight in equal bins from 0 to `top`; zeros where there is no weight."""
    index = np.clip((values / top * bins).astype(np.intp), 0, bins - 1)
    counts = np.bincount(index.ravel(), weights.ravel(), bins).astype(np.float64)
    total = counts.sum()
    return counts / total if total > 0 else counts


def _hue_histogram(lab: Vector) -> Vector:
    """Return the Lab hue histogram weighted by chroma, times mean chroma: grey has no hue."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.arctan2(lab[..., 2], lab[..., 1]) % (2 * np.pi)
    return _histogram(hue, _HUES, 2 * np.pi, chroma) * chroma.mean()


def _grid(lab: Vector) -> Vector:
    """Return mean L, a, b of nine fields, row by row, then the standard deviation of L in each."""
    fields = [
        field
        for rows in np.array_split(lab, 3, axis=0)
        for field in np.array_split(rows, 3, axis=1)
    ]
    # An image of one or two pixels leaves fields empty; the whole image replaces them.
    filled = [field if field.size else lab for field in fields]
    means = np.concatenate([field.mean(axis=(0, 1)) for field in filled])
    return np.concatenate([means, [float(field[..., 0].std()) for field in filled]])


def _inner_third(lab: Vector) -> Vector:
    height, width = lab.shape[:2]
    inner = lab[height // 3 : height - height // 3, width // 3 : width - width // 3]
    return inner.mean(axis=(0, 1))


def _orientations(grey: Pixels) -> Vector:
    """Return the histogram of gradient orientation, 0-180 degrees, weighted by magnitude.

    Gradients are whole numbers, and many are on the border of two bins: diagonals, for one. Without
    the tolerance, the processor's rounding would decide their bin. Any other angle of two
    whole numbers below 1021 is farther from a border than the tolerance.
    """
    across, down = (cv2.Sobel(grey, cv2.CV_64F, *order) for order in ((1, 0), (0, 1)))
    angle = (np.arctan2(down, across) + _ON_BORDER) % np.pi
    return _histogram(angle, _ORIENTATIONS, np.pi, np.sqrt(across**2 + down**2))


def _binary_patterns(grey: Pixels) -> Vector:
    """Return shares of rotation-invariant uniform local binary patterns, radius 1, 8 neighbours.

    Bins 0-8 are patterns with at most two changes around the circle, by the number of neighbours
    that are at least as bright as the pixel; bin 9 is everything else.
    """
    padded = np.pad(grey, 1, mode="edge")
    height, width = grey.shape
    circle = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    ring = np.stack([padded[y : y + height, x : x + width] >= grey for y, x in circle])
    changes = (ring != np.roll(ring, 1, axis=0)).sum(axis=0)
    pattern = np.where(changes <= 2, ring.sum(axis=0), _PATTERNS - 1)
    return np.bincount(pattern.ravel(), minlength=_PATTERNS) / pattern.size
