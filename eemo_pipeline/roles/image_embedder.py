"""The role of the image embedder: one vector per image, near for images that look alike."""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from eemo_pipeline.ledger.store import Ask

ROLE, STAGE = "image_embedder", "dedup"


class ImageEmbedder(Protocol):
    """Computes embeddings of images."""

    @property
    def model(self) -> str:
        """Model and weights; part of the ledger's key."""
        ...

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Yield each ask (its payload is the image's file) with its answer.

        `status` "ok" with `vector`: little-endian 32-bit floats in Base64, of any length but 0; or
        "error" with a `reason`. A failed image must not affect the others.
        """
        ...


def decode_vector(text: object) -> np.ndarray | None:
    """Return a vector of length 1 from float32 in Base64; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        vector = np.frombuffer(b64decode(text, validate=True), "<f4").astype(np.float64)
    except ValueError:
        return None
    length = float(np.sqrt((vector * vector).sum())) if len(vector) else 0.0
    return np.round(vector / length, 7) if np.isfinite(length) and length > 1e-6 else None
