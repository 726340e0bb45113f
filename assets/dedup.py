"""Stage dedup: clusters of near-duplicates, the image kept of each, and a split per cluster."""

import dagster as dg
import polars as pl

from assets._results import count_rows
from eemo_pipeline.stages.dedup import cluster_images, keep_images


@dg.asset
def dedup__clusters(ingest__images: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per image: its cluster of near-duplicates, whether it is kept, and why."""
    return count_rows(cluster_images(ingest__images.lazy()), ingest__images.height)


@dg.asset
def dedup__images(
    ingest__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    sources__datasets: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image, with the split of its cluster."""
    kept = keep_images(ingest__images.lazy(), dedup__clusters.lazy(), sources__datasets.lazy())
    return count_rows(kept, ingest__images.height)
