"""Measured facts about an image, and plain words for them, shared by both embedded annotators.

Covers colours, light and the place of the most salient area. Contains no emotion, and no objects,
since none are recognised.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from eemo_pipeline.emotion.colour import Floats, colour_names, lab_of, rgb_of
from eemo_pipeline.imaging.pixel_measures import Pixels, dominant_colours, measure_pixels, saliency

_SEGMENTS = 8
# Saliency above three times its mean marks an object (Hou and Zhang 2007).
_SALIENT = 3.0
# Difference in L above which an area is called bright or dark compared with the rest.
_NOTICEABLE = 12.0
_ROWS, _COLUMNS = ("upper", "", "lower"), ("left", "", "right")


@dataclass(frozen=True)
class Impression:
    """Measured facts about an image.

    Attributes:
        brightness: mean HSV value, 0-1.
        saturation: mean HSV saturation, 0-1.
        contrast: standard deviation of luma, 0-1.
        edge_density: share of pixels on an edge.
        segments_lab: dominant colours in Lab, shape (n, 3).
        segment_shares: share of pixels of each dominant colour, shape (n,), sum 1.
        colours: at most two basic colour terms, the more frequent first.
        colour_share: share of pixels of the most frequent colour term.
        subject_colour: colour term of the most salient area; empty if nothing stands out.
        subject_light: "bright", "dark" or "", compared with the rest of the image.
        place: where the most salient area is, e.g. "in the centre" or "at the upper left".
        surroundings: colour term of the rest of the image.
    """

    brightness: float
    saturation: float
    contrast: float
    edge_density: float
    segments_lab: Floats
    segment_shares: Floats
    colours: tuple[str, ...]
    colour_share: float
    subject_colour: str
    subject_light: str
    place: str
    surroundings: str

    @property
    def palette(self) -> str:
        """The colours in words, e.g. "brown and grey"."""
        return " and ".join(self.colours)


def look(rgb: Pixels) -> Impression:
    """Measure an image whose long side has at most 200 pixels."""
    measured = measure_pixels(rgb)
    names, shares = dominant_colours(rgb, _SEGMENTS)
    lab = lab_of(np.array([rgb_of(name) for name in names], dtype=np.uint8))
    weights = np.array(shares) / sum(shares)
    by_term = _shares_of(colour_names(lab), weights)
    mask = _salient_area(rgb)
    outside = lab_of(rgb[~mask].mean(axis=0).round().astype(np.uint8)) if mask.any() else None
    inside = None if outside is None else _distinct_lab(rgb[mask], outside)
    lighter = 0.0 if inside is None or outside is None else inside[0] - outside[0]
    return Impression(
        brightness=measured["brightness"],
        saturation=measured["saturation"],
        contrast=measured["contrast"],
        edge_density=measured["edge_density"],
        segments_lab=lab,
        segment_shares=weights,
        colours=tuple(term for term, share in by_term[:2] if share >= 0.1),
        colour_share=by_term[0][1],
        subject_colour="" if inside is None else colour_names(inside[None])[0],
        subject_light="bright"
        if lighter > _NOTICEABLE
        else "dark"
        if lighter < -_NOTICEABLE
        else "",
        place="" if inside is None else _place(mask),
        surroundings=by_term[0][0] if outside is None else colour_names(outside[None])[0],
    )


def with_article(phrase: str) -> str:
    """Return the phrase preceded by "a" or "an"."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def describe_subject(impression: Impression, noun: str) -> str:
    """Return the most salient area in words, e.g. "a dark orange area in the centre"."""
    if not impression.place:
        return with_article(f"even {impression.colours[0]} {noun}")
    # "Dark black" would be redundant.
    light = "" if impression.subject_colour in ("black", "white") else impression.subject_light
    words = (light, impression.subject_colour, noun)
    return f"{with_article(' '.join(word for word in words if word))} {impression.place}"


def _shares_of(terms: list[str], shares: Floats) -> list[tuple[str, float]]:
    totals: dict[str, float] = {}
    for term, share in zip(terms, shares.tolist(), strict=True):
        totals[term] = totals.get(term, 0.0) + share
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))


def _salient_area(rgb: Pixels) -> npt.NDArray[np.bool_]:
    """Return the connected area with the largest sum of saliency, at image size; may be empty."""
    salient = saliency(rgb)
    strong = (salient > _SALIENT * salient.mean()).astype(np.uint8)
    count, labels = cv2.connectedComponents(strong, connectivity=8)
    if count < 2:
        return np.zeros(rgb.shape[:2], dtype=np.bool_)
    masses = np.bincount(labels.ravel(), salient.ravel())
    masses[0] = 0  # the background
    area = (labels == int(masses.argmax())).astype(np.uint8)
    size = (rgb.shape[1], rgb.shape[0])
    mask = cv2.resize(area, size, interpolation=cv2.INTER_NEAREST).astype(np.bool_)
    # In an image of very few pixels the area may cover everything; then nothing stands out.
    return mask & ~mask.all()


def _distinct_lab(pixels: Pixels, surroundings: Floats) -> Floats:
    """Return the mean Lab of the pixels, each weighted by its squared distance to the surroundings.

    The saliency map is coarse, so the object that stands out never fills the salient area. Without
    the weights, the rest of the area would dominate the mean.
    """
    lab = lab_of(pixels)
    weights = ((lab - surroundings) ** 2).sum(axis=1) + 1e-9
    return weights @ lab / weights.sum()


def _place(mask: npt.NDArray[np.bool_]) -> str:
    rows, columns = np.nonzero(mask)
    row = _ROWS[int(rows.mean() / mask.shape[0] * 3)]
    column = _COLUMNS[int(columns.mean() / mask.shape[1] * 3)]
    if row and column:
        return f"at the {row} {column}"
    if row:
        return "at the top" if row == "upper" else "at the bottom"
    return f"on the {column}" if column else "in the centre"
