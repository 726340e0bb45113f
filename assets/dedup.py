"""Stage dedup: clusters of near-duplicates, the image kept of each, and a split per cluster."""

import dagster as dg
import polars as pl

from assets._results import count_answers, count_rows
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.dedup import find_near_duplicates, keep_images


@dg.asset(pool="pixels")
def dedup__clusters(
    ingest__images: pl.DataFrame,
    ledger: dg.ResourceParam[Ledger],
    workers: dg.ResourceParam[Workers],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per image: its cluster of near-duplicates, whether it is kept, and why."""
    clusters = find_near_duplicates(ingest__images, data_root.sources, ledger, workers)
    return count_answers(clusters, ingest__images.height)


@dg.asset
def dedup__images(
    ingest__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    sources__datasets: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image, with the split of its cluster."""
    kept = keep_images(ingest__images.lazy(), dedup__clusters.lazy(), sources__datasets.lazy())
    return count_rows(kept, ingest__images.height)
