"""Stage dedup: clusters of near-duplicates, the image kept of each, and a split per cluster."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._results import count_answers, count_rows
from assets._tables import outs
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.dedup import find_near_duplicates, keep_images, relate_images
from eemo_pipeline.stages.dedup.embeddings import embed_images
from resources.roles.image_embedders import EmbedderChoice


@dg.asset(pool="pixels")
def _dedup__embeddings(
    ingest__images: pl.DataFrame,
    image_embedder: dg.ResourceParam[EmbedderChoice],
    ledger: dg.ResourceParam[Ledger],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per image, if an embedding model is chosen: its embedding, or why it has none."""
    embedded = embed_images(ingest__images, image_embedder.embedder, data_root.sources, ledger)
    return count_answers(embedded, ingest__images.height)


@dg.multi_asset(outs=outs("dedup__clusters", "dedup__edges"), pool="pixels")
def grouped(
    ingest__images: pl.DataFrame,
    ingest__records: pl.DataFrame,
    _dedup__embeddings: pl.DataFrame,
    ledger: dg.ResourceParam[Ledger],
    workers: dg.ResourceParam[Workers],
    data_root: dg.ResourceParam[DataRoot],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Group near-duplicates, and generated images with their parents."""
    relations = relate_images(ingest__records, _dedup__embeddings)
    found = find_near_duplicates(ingest__images, relations, data_root.sources, ledger, workers)
    clusters = count_answers(AnsweredTable(found.clusters, found.work), ingest__images.height)
    yield dg.Output(found.clusters, "dedup__clusters", metadata=clusters.metadata)
    edges = count_rows(found.edges, ingest__images.height)
    yield dg.Output(found.edges, "dedup__edges", metadata=edges.metadata)


@dg.asset
def dedup__images(
    ingest__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    sources__datasets: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image, with the split of its cluster."""
    kept = keep_images(ingest__images.lazy(), dedup__clusters.lazy(), sources__datasets.lazy())
    return count_rows(kept, ingest__images.height)
