"""The thresholds of grounding by words, with the values of EmoVerse's specification as defaults.

A run's own values come from `resources/roles/grounding_limits.py`. The embedded grounder has
thresholds of another kind, which its method names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

MOST_REGIONS = 8


@dataclass(frozen=True)
class GroundingLimits:
    """What counts as found, and which masks are kept.

    The first three are those of the models' own demonstrations: EmoVerse (arXiv 2511.12554) does
    not publish its own.

    Attributes:
        box: smallest score of a box, 0-1.
        text: smallest score of a word that names a box, 0-1.
        overlap: largest intersection over union of two boxes, 0-1; of two that overlap more, the
            one with the larger score stays (non-maximum suppression).
        mask_share: smallest share of the image that a mask covers, 0-1.
        mask_inside: smallest share of a mask that lies in its box, 0-1.
    """

    box: float = 0.35
    text: float = 0.25
    overlap: float = 0.7
    mask_share: float = 0.001
    mask_inside: float = 0.9

    def describe(self, names: Sequence[str] = ()) -> str:
        """Return the thresholds, or the named ones, as `box 0.35, text 0.25, ...`."""
        chosen = names or [one.name for one in fields(self)]
        return ", ".join(f"{name} {getattr(self, name):g}" for name in chosen)


GROUNDING_LIMITS = GroundingLimits()
