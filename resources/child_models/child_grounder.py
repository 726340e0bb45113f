"""A grounder that runs in a child process.

Sends image, phrases and thresholds, and checks what comes back. The models are named in
`dino_sam_grounder.py` and `groundingdino_native_grounder.py`; torch is never imported here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eemo_pipeline.imaging.opening import open_picture
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.roles.grounder import GrounderDescription, GroundingRequest
from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, GroundingLimits
from eemo_pipeline.stages.grounding.region_checks import read_regions
from eemo_pipeline.vlm.image_encoding import encode_pixels
from resources.child_models.child_exchange import POLICY, Shown, exchange, read_batch, show_pixels
from resources.child_models.child_process import Child, Patience, describe_child

_NARROWEST = 100  # long side over short side; detectors scale such an image to nothing


@dataclass(frozen=True)
class ChildGrounder:
    """Asks a child process for boxes and masks; implements `Grounder`.

    Attributes:
        description: the models.
        command: the command that starts the child.
        limits: thresholds; part of the ledger's key.
        patience: timeouts of the child.
        batch: number of images per request.
    """

    description: GrounderDescription
    command: tuple[str, ...]
    limits: GroundingLimits = GROUNDING_LIMITS
    patience: Patience = field(default_factory=Patience)
    batch: int = 1

    def describe(self) -> GrounderDescription:
        """Return the models as the child described them."""
        return self.description

    def parameters(self, request: GroundingRequest) -> Mapping[str, Any]:
        """Return phrases, thresholds and the encoding of the image."""
        return {
            "phrases": list(request.phrases),
            "thresholds": self.limits.describe(),
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

    def _show(self, ask: Ask) -> Shown | Answer:
        request: GroundingRequest = ask.payload
        picture = open_picture(request.path, POLICY.long_side_px, request.image_id)
        sent = picture.rgb.shape[1], picture.rgb.shape[0]
        full = picture.width_px, picture.height_px
        if max(full) > _NARROWEST * min(full):
            return {"status": "none", "reason": "too_narrow"}
        question = {
            **show_pixels(encode_pixels(picture.rgb, POLICY)),
            "phrases": list(request.phrases),
            "box": self.limits.box,
            "text": self.limits.text,
            "overlap": self.limits.overlap,
        }
        return Shown(question, lambda told: read_regions(told, sent, full, self.limits))


def build_child_grounder(
    command: tuple[str, ...],
    variable: str,
    names: tuple[str, str],
    method: str,
    limits: GroundingLimits = GROUNDING_LIMITS,
    patience: Patience | None = None,
) -> ChildGrounder:
    """Build a grounder from a command that describes its two models.

    Args:
        command: starts the child; with `--describe`, it says `detector`, `segmenter`, the SHA-256
            of the weights of each (`detector_sha256`, `segmenter_sha256`) and `batch`.
        variable: the environment variable that the user corrects if the command fails.
        names: the names of detector and segmenter in the rows.
        method: the published methods, for human readers.
        limits: thresholds.
        patience: timeouts of the child.

    Raises:
        ChildProblem: the models cannot be described.
    """
    told = describe_child(command, variable)
    versions = [
        f"{told.get(part) or part}, weights {told.get(f'{part}_sha256') or 'unknown'}"
        for part in ("detector", "segmenter")
    ]
    description = GrounderDescription(*names, "; ".join(versions), method, limits.describe())
    return ChildGrounder(description, command, limits, patience or Patience(), read_batch(told))
