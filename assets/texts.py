"""Stage texts: what is visible, and how it leads to the emotions people reported."""

import dagster as dg
import polars as pl

from eemo_pipeline.texts.descriptions import write_descriptions
from eemo_pipeline.texts.reasonings import write_reasonings
from resources.results import count_rows


@dg.asset
def texts__descriptions(dedup__images: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept picture: what is visible, without any emotion."""
    return count_rows(write_descriptions(dedup__images), dedup__images.height)


@dg.asset
def texts__reasonings(
    dedup__images: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept picture: how what is visible leads to the emotions people reported."""
    reasonings = write_reasonings(
        dedup__images, labels__rankings, labels__emotions, ingest__annotations, texts__descriptions
    )
    return count_rows(reasonings, dedup__images.height)
