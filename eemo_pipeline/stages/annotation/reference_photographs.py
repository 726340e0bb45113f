"""Reference values of ordinary photographs, with which an image is compared.

Holds the mean and standard deviation of each measure, and the mapping from standardised values to
the space of the emotion anchors. The numbers were measured on ten photographs that ship with
scikit-image 0.26 (CC0 or public domain: astronaut, camera, chelsea, coffee, grass,
hubble_deep_field, ihc, motorcycle_left, retina, rocket), whole and in quarters; a test measures
them again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eemo_pipeline.emotion.vad import MIKELS_ANCHORS, Vad


@dataclass(frozen=True)
class Reference:
    """Mean and standard deviation of each measure on the reference photographs."""

    means: tuple[float, ...]
    spreads: tuple[float, ...]

    def standardise(self, values: Sequence[float]) -> tuple[float, ...]:
        """Return the distance of each value from its mean, in standard deviations."""
        return tuple(
            (value - mean) / spread
            for value, mean, spread in zip(values, self.means, self.spreads, strict=True)
        )


# Valdez and Mehrabian's pleasure, arousal and dominance.
PLEASURE_AROUSAL_DOMINANCE = Reference((0.424, 0.063, -0.263), (0.152, 0.160, 0.149))
# Ou's activity, weight and heat, averaged over dominant colours by area.
COLOUR_EMOTIONS = Reference((-0.230, 0.608, -0.131), (0.702, 0.643, 0.477))
# Contrast and edge density.
TEXTURE = Reference((0.167, 0.135), (0.066, 0.101))


def place_among_anchors(spreads: Sequence[float]) -> Vad:
    """Map standardised values to V-A-D by the anchors' mean and standard deviation.

    Each value is clipped to 0-1.
    """
    anchors = np.array(list(MIKELS_ANCHORS.values()))
    placed = anchors.mean(axis=0) + anchors.std(axis=0) * np.array(spreads)
    return Vad(*(round(float(value), 6) for value in placed.clip(0, 1)))
