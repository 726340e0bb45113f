"""Finds images whose embeddings are near: the tier beside the hashes, where a model is chosen.

Copy detection by cosine finds what a hash of 64 bits loses: large crops, borders, other colours.
All pairs are compared, by matrix products in blocks, so the search is exact.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eemo_pipeline.stages.dedup.hash_pairs import Pairs

# EmoVerse names no thresholds; these are customary for copy detection with CLIP-like models.
NEAR_COSINE = 0.95  # within it, an image is dropped
SPLIT_COSINE = 0.90  # within it, images share a cluster
_BLOCK = 2048  # rows of a product: 32 MB of cosines


@dataclass(frozen=True)
class Alike:
    """Pairs of positions within SPLIT_COSINE.

    Attributes:
        pairs: the positions, the lower first.
        cosines: the cosine of each pair.
    """

    pairs: Pairs
    cosines: np.ndarray

    def matches(self, least: float) -> dict[int, set[int]]:
        """Return position -> positions whose cosine is at least `least`."""
        found: defaultdict[int, set[int]] = defaultdict(set)
        for low, high, cosine in zip(*self.pairs, self.cosines, strict=True):
            if cosine >= least:
                found[int(low)].add(int(high))
                found[int(high)].add(int(low))
        return dict(found)

    def cosine_of(self) -> dict[tuple[int, int], float]:
        """Return (low, high) -> cosine."""
        lows, highs = self.pairs
        found = zip(lows.tolist(), highs.tolist(), self.cosines.tolist(), strict=True)
        return {(low, high): cosine for low, high, cosine in found}


def find_alike(places: Mapping[str, int], embeddings: Mapping[str, np.ndarray]) -> Alike:
    """Return the pairs of images whose embeddings are within SPLIT_COSINE.

    Args:
        places: image_id -> position.
        embeddings: image_id -> embedding of length 1, all of one size.
    """
    known = sorted((places[image_id], image_id) for image_id in embeddings if image_id in places)
    if not known:
        nothing = np.empty(0, np.int64)
        return Alike((nothing, nothing), np.empty(0))
    positions = np.array([position for position, _ in known], np.int64)
    vectors = np.stack([embeddings[image_id] for _, image_id in known]).astype(np.float32)
    lows, highs, cosines = [], [], []
    for start in range(0, len(vectors), _BLOCK):
        products = vectors[start : start + _BLOCK] @ vectors[start:].T
        row, column = np.nonzero(products >= SPLIT_COSINE - 1e-4)
        is_pair = column > row
        row, column = row[is_pair], column[is_pair]
        # Again in a fixed order: the sums of a matrix product depend on the processor.
        one, other = vectors[start + row].astype(np.float64), vectors[start + column]
        exact = np.round((one * other).sum(axis=1), 6)
        is_near = exact >= SPLIT_COSINE
        lows.append(positions[start + row[is_near]])
        highs.append(positions[start + column[is_near]])
        cosines.append(np.minimum(exact[is_near], 1.0))
    return Alike((np.concatenate(lows), np.concatenate(highs)), np.concatenate(cosines))
