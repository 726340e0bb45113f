"""What ordinary photographs measure, so that a picture can be told from the ordinary.

Belongs here: means and spreads, and the way from them to the anchors' space. Does not belong
here: the measuring. The numbers were measured on ten photographs that ship with scikit-image
0.26 (CC0 or public domain: astronaut, camera, chelsea, coffee, grass, hubble_deep_field, ihc,
motorcycle_left, retina, rocket), whole and in quarters; a test measures them again.
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
        """How many spreads each value lies from the mean."""
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
    """The point as many spreads of the anchors from their mean, each number cut to 0-1."""
    anchors = np.array(list(MIKELS_ANCHORS.values()))
    placed = anchors.mean(axis=0) + anchors.std(axis=0) * np.array(spreads)
    return Vad(*(round(float(value), 6) for value in placed.clip(0, 1)))
