"""The role of the image embedder: one vector per image, near for images that look alike."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

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
