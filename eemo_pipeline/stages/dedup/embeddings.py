"""Embeddings of images, through the ledger: one per image and model."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.image_embedder import ROLE, STAGE, ImageEmbedder, decode_vector
from eemo_pipeline.schema.tables import TABLES

_TABLE = TABLES["_dedup__embeddings"]


def embed_images(
    images: pl.DataFrame, embedder: ImageEmbedder | None, sources_dir: Path, ledger: Ledger
) -> AnsweredTable:
    """Return `_dedup__embeddings`; without a model it has no rows.

    Args:
        images: `ingest__images`.
        embedder: the model, None for none.
        sources_dir: the folder of the sources.
        ledger: where answers are stored.
    """
    if embedder is None:
        return AnsweredTable(_TABLE.empty())
    asks = [Ask(image_id, path) for image_id, path in locate_files(images, sources_dir)]
    answers = answer_all(ledger, Inquiry(ROLE, embedder.model, asks, embedder.perform, STAGE))
    rows = []
    for ask, answer in zip(asks, answers.values, strict=True):
        vector = decode_vector(answer.get("vector"))
        is_ok = answer["status"] == "ok" and vector is not None
        reason = answer.get("reason") or (None if is_ok else "bad_embedding")
        rows.append(
            {
                "image_id": ask.image_id,
                "model": embedder.model,
                "status": "ok" if is_ok else "error",
                "reason": reason,
                "image_embedding": vector.tolist() if is_ok and vector is not None else None,
            }
        )
    frame = pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)
    return AnsweredTable(frame, answers.work)


def read_embeddings(table: pl.DataFrame) -> Mapping[str, np.ndarray]:
    """Return image_id -> embedding of length 1, without the images that have none."""
    found = table.filter(pl.col("status") == "ok").select("image_id", "image_embedding")
    return {image_id: np.array(vector, np.float32) for image_id, vector in found.iter_rows()}
