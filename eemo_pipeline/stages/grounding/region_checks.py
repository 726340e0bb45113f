"""Checks what a detector and a segmenter say: boxes in the image, masks that keep EmoVerse's rules.

What they say is untrusted: a model's answer from a child process, or a line of a file. Every
grounder that is none of our own code answers through `read_regions`.
"""

import base64
import io
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
from PIL import Image

from eemo_pipeline.imaging import masks
from eemo_pipeline.imaging.boxes import Box, clip, scale
from eemo_pipeline.imaging.masks import Mask
from eemo_pipeline.roles.grounder import NOTHING_FOUND
from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, MOST_REGIONS, GroundingLimits

MASK_SIDE = 512  # px; a larger mask is scaled down to it
_MOST_PIXELS = 128 << 20  # of a mask before it is scaled down
_LONGEST_TEXT = 4 << 20  # bytes of a mask
_LONGEST_PHRASE = 200


def read_regions(
    told: Mapping[str, Any],
    sent: tuple[int, int],
    full: tuple[int, int],
    limits: GroundingLimits = GROUNDING_LIMITS,
) -> dict[str, Any]:
    """Convert what was found to an answer of `Grounder`.

    Boxes are clipped to the image and scaled to its full size; at most eight are kept, in the order
    given. `left_out` counts the others: those beyond eight, those that are no box or lie outside,
    and what `told` counts itself. A mask that breaks a rule is left out with the reason mask_empty,
    mask_small, mask_outside_box or mask_unreadable, and a box without a mask has the reason
    mask_missing; the box stays.

    Args:
        told: `regions`, a list of `box` (x1, y1, x2, y2 in px as sent), `score` (0-1), `mask` and
            `mask_score`, its predicted IoU; and `phrase`, the words that were found. A mask is a
            PNG in Base64, or COCO run lengths: `size` (height, width) with `counts` as list or
            compressed text.
        sent: width and height of the image that the boxes refer to, in px.
        full: width and height of the upright image, in px.
        limits: thresholds.
    """
    found = told.get("regions")
    if not isinstance(found, list):
        return {"status": "error", "reason": "garbage"}
    regions = []
    for one in found[:MOST_REGIONS]:
        box = _read_box(one, sent)
        if box is not None:
            regions.append(_read_region(one, box, sent, full, limits))
    lost = told.get("left_out")
    lost = lost if isinstance(lost, int) and 0 <= lost <= 1_000_000 else 0
    answer: dict[str, Any] = {"left_out": len(found) - len(regions) + lost}
    if regions:
        phrase = told.get("phrase")
        answer["phrase"] = phrase[:_LONGEST_PHRASE] if isinstance(phrase, str) else None
        return {"status": "ok", "regions": regions, **answer}
    return {
        "status": "none",
        "reason": "bad_boxes" if answer["left_out"] else NOTHING_FOUND,
        **answer,
    }


def _read_box(one: Any, sent: tuple[int, int]) -> Box | None:
    """Return the part of the box inside the image, or None if there is none."""
    try:
        edges = [float(edge) for edge in one["box"]]
        score = float(one["score"])
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    if len(edges) != 4 or not all(map(isfinite, (*edges, score))) or not 0 <= score <= 1:
        return None
    box = clip(Box(*edges), *sent)
    return box if box.area > 0 else None


def _read_region(
    one: Mapping[str, Any],
    box: Box,
    sent: tuple[int, int],
    full: tuple[int, int],
    limits: GroundingLimits,
) -> dict[str, Any]:
    placed = clip(scale(box, full[0] / sent[0], full[1] / sent[1]), *full)
    region: dict[str, Any] = {
        "reason": None,
        **{f"{edge}_px": round(getattr(placed, edge), 6) for edge in ("x1", "y1", "x2", "y2")},
        "score": round(float(one["score"]), 6),
    }
    if one.get("mask") is None:
        return region | {"reason": "mask_missing"}
    mask = _read_mask(one["mask"])
    reason = "mask_unreadable" if mask is None else _find_fault(mask, box, sent, limits)
    if mask is None or reason:
        return region | {"reason": reason}
    return region | {
        "mask_score": _read_score(one.get("mask_score")),
        "mask_share": round(float(mask.mean()), 6),
        "mask_size_px": list(mask.shape),
        "mask_counts": masks.encode(mask),
    }


def _read_score(told: object) -> float | None:
    """Return a predicted IoU within 0-1, or None; a model may predict a little more than 1."""
    if not isinstance(told, int | float) or not -1 <= told <= 2:
        return None
    return round(min(max(float(told), 0.0), 1.0), 6)


def _read_mask(told: object) -> Mask | None:
    """Return a mask, at most `MASK_SIDE` px on each side, or None if it is none."""
    if isinstance(told, str):
        mask = _read_png(told)
    else:
        mask = _read_run_lengths(told) if isinstance(told, Mapping) else None
    if mask is None or max(mask.shape) <= MASK_SIDE:
        return mask
    import cv2

    shrink = MASK_SIDE / max(mask.shape)
    height, width = (max(1, round(side * shrink)) for side in mask.shape)
    shares = cv2.resize(mask.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(shares) > 127


def _read_png(text: str) -> Mask | None:
    try:
        if len(text) > _LONGEST_TEXT:
            return None
        with Image.open(io.BytesIO(base64.b64decode(text)), formats=("PNG",)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            return np.asarray(picture.convert("1"), dtype=bool)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _read_run_lengths(told: Mapping[str, Any]) -> Mask | None:
    size, counts = told.get("size"), told.get("counts")
    if not isinstance(size, list) or not isinstance(counts, list | str):
        return None
    if len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
        return None
    if size[0] * size[1] > _MOST_PIXELS or len(counts) > _LONGEST_TEXT:
        return None
    try:
        lengths = masks.decompress(counts) if isinstance(counts, str) else counts
        if not all(isinstance(length, int) for length in lengths):
            return None
        return masks.decode(lengths, size)
    except (ValueError, OverflowError):
        return None


def _find_fault(mask: Mask, box: Box, sent: tuple[int, int], limits: GroundingLimits) -> str | None:
    """Return the reason for which a mask is not kept, or None."""
    height, width = mask.shape
    total = int(mask.sum())
    if total == 0:
        return "mask_empty"
    if total < limits.mask_share * mask.size:
        return "mask_small"
    x1, y1, x2, y2 = scale(box, width / sent[0], height / sent[1])
    # A pixel that the edge crosses belongs to the box.
    inside = mask[int(y1) : -int(-y2 // 1), int(x1) : -int(-x2 // 1)]
    return "mask_outside_box" if int(inside.sum()) < limits.mask_inside * total else None
