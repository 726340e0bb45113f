"""Grounding DINO and SAM as the grounder, in a child process.

Chooses the models, sends image and phrases, and checks what comes back. The models themselves are
loaded in `dino_sam.py`, which runs in the child process; torch is never imported here.

Liu et al. 2023 (arXiv 2303.05499) find boxes for a phrase; Kirillov et al. 2023 (arXiv 2304.02643)
compute a mask for a box. EmoVerse (arXiv 2511.12554) uses both; its thresholds are not published,
so those of the models' own demonstrations are the defaults.
"""

import base64
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
from PIL import Image

from eemo_pipeline.imaging import masks
from eemo_pipeline.imaging.boxes import Box, clip, scale
from eemo_pipeline.imaging.masks import Mask
from eemo_pipeline.imaging.opening import open_picture
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.roles.grounder import GrounderDescription, GroundingRequest
from eemo_pipeline.vlm.image_encoding import encode_pixels
from resources.child_models.child_exchange import POLICY, Shown, exchange, read_batch, show_pixels
from resources.child_models.child_process import Child, Patience, describe_child, program_command

DETECTOR = "EEMO_GROUNDING_DETECTOR"
SEGMENTER = "EEMO_GROUNDING_SEGMENTER"
PYTHON = "EEMO_GROUNDING_PYTHON"
DEFAULT_DETECTOR, DEFAULT_SEGMENTER = "IDEA-Research/grounding-dino-base", "facebook/sam-vit-huge"
METHOD = (
    "boxes: Grounding DINO, Liu et al. 2023, for the first of subject, attribute and subject, and "
    "head noun that has one; masks: SAM, Kirillov et al. 2023, the best by predicted IoU"
)
_MOST_REGIONS = 8
_LARGEST_MASK = 512  # px on each side
_SMALLEST_SHARE = 0.001  # of the image, that a mask covers at least
_SMALLEST_INSIDE = 0.9  # of a mask, that lies in its box at least


@dataclass(frozen=True)
class Thresholds:
    """What counts as found.

    Attributes:
        box: smallest score of a box, 0-1.
        text: smallest score of a word that names a box, 0-1.
        overlap: largest intersection over union of two boxes, 0-1.
    """

    box: float = 0.35
    text: float = 0.25
    overlap: float = 0.7


@dataclass(frozen=True)
class DinoSamGrounder:
    """Asks a child process for boxes and masks; implements `Grounder`.

    Attributes:
        description: the models.
        command: the command that starts the child.
        thresholds: what counts as found; part of the ledger's key.
        patience: timeouts of the child.
        batch: number of images per request.
    """

    description: GrounderDescription
    command: tuple[str, ...]
    thresholds: Thresholds = field(default_factory=Thresholds)
    patience: Patience = field(default_factory=Patience)
    batch: int = 1

    def describe(self) -> GrounderDescription:
        """Return the models as the child described them."""
        return self.description

    def parameters(self, request: GroundingRequest) -> Mapping[str, Any]:
        """Return phrases, thresholds and the encoding of the image."""
        return {
            "phrases": list(request.phrases),
            "thresholds": [self.thresholds.box, self.thresholds.text, self.thresholds.overlap],
            "pictures": POLICY.name,
        }

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer]]:
        """Find the regions of each image; one without words is not sent."""
        asked = [ask for ask in asks if ask.payload.phrases]
        for ask in asks:
            if not ask.payload.phrases:
                yield ask, {"status": "none", "reason": "no_subject"}
        child = Child(self.command, self.patience, role="grounder")
        yield from exchange(child, self.batch, asked, self._show, "Grounding")

    def _show(self, ask: Ask) -> Shown:
        request: GroundingRequest = ask.payload
        picture = open_picture(request.path, POLICY.long_side_px, request.image_id)
        encoded = encode_pixels(picture.rgb, POLICY)
        wanted = {
            "phrases": list(request.phrases),
            "box": self.thresholds.box,
            "text": self.thresholds.text,
            "overlap": self.thresholds.overlap,
        }
        sent, full = (encoded.width_px, encoded.height_px), (picture.width_px, picture.height_px)
        return Shown(
            {**show_pixels(encoded), **wanted}, lambda told: read_regions(told, sent, full)
        )


def build_dino_sam(patience: Patience | None = None) -> DinoSamGrounder:
    """Build the grounder from EEMO_GROUNDING_DETECTOR and _SEGMENTER, folders or names.

    EEMO_GROUNDING_PYTHON is an interpreter that has torch and transformers; by default the current
    one.

    Raises:
        ChildProblem: the models cannot be described.
    """
    command = program_command(
        "dino_sam.py",
        PYTHON,
        os.environ.get(DETECTOR) or DEFAULT_DETECTOR,
        os.environ.get(SEGMENTER) or DEFAULT_SEGMENTER,
    )
    told = describe_child(command, PYTHON)
    versions = [
        f"{told.get(part) or part}, weights {str(told.get(f'{part}_sha256'))[:16]}"
        for part in ("detector", "segmenter")
    ]
    description = GrounderDescription("grounding_dino", "sam", "; ".join(versions), METHOD)
    return DinoSamGrounder(
        description, command, patience=patience or Patience(), batch=read_batch(told)
    )


def read_regions(
    told: Mapping[str, Any], sent: tuple[int, int], full: tuple[int, int]
) -> dict[str, Any]:
    """Convert the child's reply to an answer of `Grounder`.

    Boxes are clipped to the image and scaled to its full size. A box that is no box is left out,
    and `detail` counts those. A mask that breaks a rule is left out with the reason mask_empty,
    mask_small, mask_outside_box or mask_unreadable; its box stays.

    Args:
        told: the reply.
        sent: width and height of the image as it was sent, in px.
        full: width and height of the upright image, in px.
    """
    found = told.get("regions")
    if not isinstance(found, list):
        return {"status": "error", "reason": "garbage"}
    regions = []
    for one in found[:_MOST_REGIONS]:
        box = _read_box(one, sent)
        if box is not None:
            regions.append(_read_region(one, box, sent, full))
    phrase = str(told.get("phrase") or "")[:200]
    if regions:
        return {"status": "ok", "regions": regions, "phrase": phrase}
    return {"status": "none", "reason": "bad_boxes" if found else "nothing_found"}


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
    one: Mapping[str, Any], box: Box, sent: tuple[int, int], full: tuple[int, int]
) -> dict[str, Any]:
    placed = clip(scale(box, full[0] / sent[0], full[1] / sent[1]), *full)
    region: dict[str, Any] = {
        "reason": None,
        **{f"{edge}_px": round(getattr(placed, edge), 6) for edge in ("x1", "y1", "x2", "y2")},
        "score": round(float(one["score"]), 6),
    }
    mask = _read_mask(one.get("mask"))
    reason = "mask_unreadable" if mask is None else _find_fault(mask, box, sent)
    if mask is None or reason:
        return region | {"reason": reason}
    score = one.get("mask_score")
    return region | {
        "mask_score": round(score, 6) if isinstance(score, float) and isfinite(score) else None,
        "mask_share": round(float(mask.mean()), 6),
        "mask_size_px": list(mask.shape),
        "mask_counts": masks.encode(mask),
    }


def _read_mask(text: object) -> Mask | None:
    """Return a mask from a PNG in Base64, or None if it is none."""
    if not isinstance(text, str):
        return None
    try:
        with Image.open(io.BytesIO(base64.b64decode(text)), formats=("PNG",)) as picture:
            if max(picture.size) > _LARGEST_MASK:
                return None
            return np.asarray(picture.convert("1"), dtype=bool)
    except (OSError, ValueError, SyntaxError):
        return None


def _find_fault(mask: Mask, box: Box, sent: tuple[int, int]) -> str | None:
    """Return the reason for which a mask is not kept, or None."""
    height, width = mask.shape
    total = int(mask.sum())
    if total == 0:
        return "mask_empty"
    if total < _SMALLEST_SHARE * mask.size:
        return "mask_small"
    x1, y1, x2, y2 = scale(box, width / sent[0], height / sent[1])
    # A pixel that the edge crosses belongs to the box.
    inside = mask[int(y1) : -int(-y2 // 1), int(x1) : -int(-x2 // 1)]
    return "mask_outside_box" if int(inside.sum()) < _SMALLEST_INSIDE * total else None
