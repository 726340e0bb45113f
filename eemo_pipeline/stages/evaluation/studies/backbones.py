"""Frozen features of backbones, through the ledger: one answer per image and model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.roles.image_embedder import ROLE, ImageEmbedder, decode_vector


@dataclass(frozen=True)
class Backbones:
    """The backbones of a run, and where their answers are.

    Attributes:
        embedders: name -> model.
        missing: name -> why it cannot be asked, as a code and in words.
        sources_dir: the folder of the sources.
        ledger: where answers are stored.
    """

    embedders: Mapping[str, ImageEmbedder]
    missing: Mapping[str, tuple[str, str]]
    sources_dir: Path
    ledger: Ledger

    def embed(self, images: pl.DataFrame) -> tuple[dict[str, np.ndarray], Work]:
        """Return name -> images x features in the order of the images, and the work.

        The row of an image without features is NaN.

        Args:
            images: rows of `dedup__images`.
        """
        found: dict[str, np.ndarray] = {}
        work = NO_WORK
        for name, embedder in self.embedders.items():
            asks = [Ask(image, path) for image, path in locate_files(images, self.sources_dir)]
            inquiry = Inquiry(ROLE, embedder.model, asks, embedder.perform, "evaluation")
            answers = answer_all(self.ledger, inquiry)
            vectors = {
                ask.image_id: decode_vector(answer.get("vector"))
                for ask, answer in zip(asks, answers.values, strict=True)
            }
            found[name] = _stack([vectors.get(image) for image in images["image_id"]])
            work += answers.work
        return found, work


def _stack(vectors: Sequence[np.ndarray | None]) -> np.ndarray:
    width = max((len(vector) for vector in vectors if vector is not None), default=0)
    matrix = np.full((len(vectors), width), np.nan)
    for place, vector in enumerate(vectors):
        if vector is not None and len(vector) == width:
            matrix[place] = vector
    return matrix
