"""The embedded grounder: saliency proposes boxes, GrabCut computes the masks.

It finds salient areas without recognising objects, so it ignores the words of the record.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from eemo_pipeline.execution.process_pool import Workers, perform_on_pictures
from eemo_pipeline.imaging import masks
from eemo_pipeline.imaging.boxes import Box, clip, intersection_over_union, pad, scale
from eemo_pipeline.imaging.masks import Mask
from eemo_pipeline.imaging.opening import UnreadablePicture, open_picture
from eemo_pipeline.imaging.pixel_measures import Pixels, saliency
from eemo_pipeline.ledger.store import Ask
from eemo_pipeline.roles.grounder import GrounderDescription, GroundingRequest

DETECTOR, SEGMENTER = "spectral_residual", "grabcut"
MODEL = "spectral-residual-2007-grabcut-2004/1"
METHOD = (
    "Boxes: areas around three times the mean of the spectral residual saliency, Hou and Zhang "
    "2007. Masks: GrabCut, Rother, Kolmogorov and Blake 2004, inside the padded box"
)

_LONG_SIDE = 160
_REGIONS = 3
# Multiples of the mean saliency. Hou and Zhang detect objects above three. An area extends as far
# as saliency stays above half of that (our choice), because the higher threshold alone finds only
# the corners of objects.
_STRONG, _WEAK = 3.0, 1.5
_SMALLEST = 0.004  # share of the image; a smaller area is ignored
_MARGIN = 0.08  # share of the long side; GrabCut needs some background around the area
_ITERATIONS = 3
_SAME = 0.5  # boxes with a larger intersection over union are one region


@dataclass(frozen=True)
class SaliencyGrabCut:
    """The embedded grounder; implements `Grounder`."""

    workers: Workers

    def describe(self) -> GrounderDescription:
        """Describe the published methods, and our version of them."""
        return GrounderDescription(DETECTOR, SEGMENTER, MODEL, METHOD)

    def parameters(self, request: GroundingRequest) -> Mapping[str, Any]:  # noqa: ARG002
        """Return an empty mapping: image and version determine the answer."""
        return {}

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Find the regions in the process pool."""
        return perform_on_pictures(self.workers, find_regions, "finding regions")(asks)


@dataclass(frozen=True)
class _Proposal:
    area: Mask  # at the size of the image
    box: Box
    score: float


def find_regions(request: GroundingRequest) -> dict[str, Any]:
    """Return at most three regions of an image, most salient first; runs in a worker process.

    The result has `status` "ok" with `regions`, or "none" or "error" with `reason`. A region has
    the columns from x1_px to mask_counts, and `reason`. If GrabCut finds no foreground, the reason
    is mask_empty and the mask is missing. Boxes are in px of the upright image at full size.
    """
    try:
        picture = open_picture(request.path, _LONG_SIDE, request.image_id)
    except UnreadablePicture as refusal:
        return {"status": "error", "reason": refusal.reason, "detail": refusal.detail}
    height, width = picture.rgb.shape[:2]
    salient = np.asarray(cv2.resize(saliency(picture.rgb), (width, height)), dtype=np.float64)
    regions, kept = [], []
    for proposal in _propose(salient):
        mask = _segment(picture.rgb, proposal)
        box = masks.bounds(mask) or proposal.box
        if any(intersection_over_union(box, other) > _SAME for other in kept):
            continue
        kept.append(box)
        full = scale(box, picture.width_px / width, picture.height_px / height)
        full = clip(full, picture.width_px, picture.height_px)
        regions.append(_region(full, proposal.score, mask, salient))
    if not regions:
        return {"status": "none", "reason": "no_salient_region"}
    return {"status": "ok", "regions": regions}


def _propose(salient: npt.NDArray[np.float64]) -> list[_Proposal]:
    """Return connected areas around salient points, ordered by their sum of saliency."""
    mean = float(salient.mean())
    is_strong = salient > _STRONG * mean
    weak = (salient > _WEAK * mean).astype(np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    seeded = set(np.unique(labels[is_strong]).tolist()) - {0}
    masses = np.bincount(labels.ravel(), salient.ravel(), count)
    total = float(sum(masses[label] for label in sorted(seeded)))
    found = []
    for label in sorted(seeded, key=lambda label: (-masses[label], label)):
        left, top, wide, high, pixels = (int(value) for value in statistics[label])
        if pixels >= _SMALLEST * salient.size:
            box = Box(float(left), float(top), float(left + wide), float(top + high))
            found.append(_Proposal(labels == label, box, float(masses[label]) / total))
    return found[:_REGIONS]


def _segment(rgb: Pixels, proposal: _Proposal) -> Mask:
    """Return the mask of a proposal: the foreground that touches its area; may be empty."""
    height, width = rgb.shape[:2]
    margin = max(2.0, _MARGIN * max(height, width))
    # GrabCut gets the box and a margin of certain background around it, and nothing beyond.
    x1, y1, x2, y2 = (round(edge) for edge in clip(pad(proposal.box, margin), width, height))
    hints = np.full((height, width), cv2.GC_BGD, dtype=np.uint8)
    left, top, right, bottom = (round(edge) for edge in proposal.box)
    hints[top:bottom, left:right] = cv2.GC_PR_FGD
    cut = np.ascontiguousarray(hints[y1:y2, x1:x2])
    empty = np.zeros((height, width), dtype=np.bool_)
    if (cut == cv2.GC_PR_FGD).all():
        return empty  # the box covers the whole image, which leaves no background to learn from
    crop = cv2.cvtColor(np.ascontiguousarray(rgb[y1:y2, x1:x2]), cv2.COLOR_RGB2BGR)
    cv2.setRNGSeed(0)  # the colour models are initialised by a random k-means
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(crop, cut, (0, 0, 1, 1), background, foreground, _ITERATIONS, cv2.GC_INIT_WITH_MASK)
    found = empty.copy()
    found[y1:y2, x1:x2] = (cut == cv2.GC_FGD) | (cut == cv2.GC_PR_FGD)
    _, labels = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    touched = np.unique(labels[proposal.area & found])
    return np.isin(labels, touched) & found


def _region(box: Box, score: float, mask: Mask, salient: npt.NDArray[np.float64]) -> dict[str, Any]:
    region: dict[str, Any] = {
        "reason": None,
        "x1_px": round(box.x1, 6),
        "y1_px": round(box.y1, 6),
        "x2_px": round(box.x2, 6),
        "y2_px": round(box.y2, 6),
        "score": round(score, 6),
    }
    if not mask.any():
        return region | {"reason": "mask_empty"}
    return region | {
        "mask_score": round(float(salient[mask].mean()), 6),
        "mask_share": round(float(mask.mean()), 6),
        "mask_size_px": list(mask.shape),
        "mask_counts": masks.encode(mask),
    }
