"""A grounder that reads recorded boxes and masks from a file, one JSON object per line.

A line has `image_id` (the SHA-256 of the image's bytes) and `regions`, a list of

- `box`: x1, y1, x2, y2 in px of the upright image at full size;
- `score`: 0-1;
- `mask` (optional): a black and white PNG in Base64, or COCO run lengths (`size` as height and
  width, with `counts` as list or compressed text), over the whole image at any scale;
- `mask_score` (optional): its predicted IoU, 0-1.

`phrase` may name the words that were found. So the regions of any detector, or of people, can be
used; they are checked as those of a model are (`stages/grounding/region_checks.py`).
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from eemo_pipeline.execution.process_pool import Workers, perform_on_pictures
from eemo_pipeline.imaging.opening import UnreadablePicture, open_picture
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.roles.grounder import GrounderDescription, GroundingRequest
from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, GroundingLimits
from eemo_pipeline.stages.grounding.region_checks import read_regions
from resources.roles.replay_verifier import NoAnswers

ANSWERS = "EEMO_GROUNDER_ANSWERS"
METHOD = "boxes and masks recorded before, read from a file, then checked"
_LONG_SIDE = 16  # px; only the size of the image matters


@dataclass(frozen=True)
class _Recorded:
    """One image, and the line about it; None if the file has none."""

    request: GroundingRequest
    line: Mapping[str, Any] | None
    limits: GroundingLimits


@dataclass(frozen=True)
class ReplayGrounder:
    """Recorded regions; implements `Grounder`.

    Attributes:
        workers: the pool in which files are opened and masks are read.
        path: the file.
        limits: thresholds; those of masks apply, since the boxes were chosen when recorded.
    """

    workers: Workers
    path: Path
    limits: GroundingLimits = GROUNDING_LIMITS

    def describe(self) -> GrounderDescription:
        """Describe the recorded regions; their version is a hash of the file."""
        version = sha256(self._content).hexdigest()
        return GrounderDescription(
            *("replay", "replay", f"recorded regions {version}", METHOD), self._thresholds
        )

    def parameters(self, request: GroundingRequest) -> Mapping[str, Any]:  # noqa: ARG002
        """Return the thresholds of masks; the words do not matter."""
        return {"thresholds": self._thresholds}

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer]]:
        """Look up the regions of each image, and check them in the process pool."""
        recorded = dict(_read_lines(self._content))
        by_key = {ask.image_id: ask for ask in asks}
        filled = [
            replace(ask, payload=_Recorded(ask.payload, recorded.get(ask.image_id), self.limits))
            for ask in asks
        ]
        for ask, answer in perform_on_pictures(self.workers, check_recorded, "Reading regions")(
            filled
        ):
            yield by_key[ask.image_id], answer

    @property
    def _thresholds(self) -> str:
        return self.limits.describe(("mask_share", "mask_inside"))

    @cached_property
    def _content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise NoAnswers(
                f"the recorded regions cannot be read: {error}. Correct {ANSWERS}, or choose "
                "another grounder"
            ) from error


def build_replay(workers: Workers, limits: GroundingLimits = GROUNDING_LIMITS) -> ReplayGrounder:
    """Build the grounder from the file that EEMO_GROUNDER_ANSWERS names.

    Raises:
        NoAnswers: the variable is not set.
    """
    if not (path := os.environ.get(ANSWERS)):
        raise NoAnswers(f"{ANSWERS} is not set. Set it to a file of recorded regions")
    return ReplayGrounder(workers, Path(path), limits)


def check_recorded(recorded: _Recorded) -> dict[str, Any]:
    """Return the answer of one line; runs in a worker process."""
    if recorded.line is None:
        return {"status": "none", "reason": "not_recorded"}
    request = recorded.request
    try:
        picture = open_picture(request.path, _LONG_SIDE, request.image_id)
    except UnreadablePicture as refusal:
        return {"status": "error", "reason": refusal.reason, "detail": refusal.detail}
    full = picture.width_px, picture.height_px
    return read_regions(recorded.line, full, full, recorded.limits)


def _read_lines(content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in content.decode("utf-8", "replace").split("\n"):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("image_id"), str):
            yield value["image_id"], value
