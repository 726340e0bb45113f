"""Stage texts: descriptions, reasons for the emotions that people reported, and comparisons."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._results import count_answers
from assets._tables import outs
from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.stages.texts.descriptions import write_descriptions
from eemo_pipeline.stages.texts.emotion_texts import write_emotion_texts
from resources.roles.writers import Writers


@dg.asset
def texts__descriptions(
    dedup__images: pl.DataFrame, writers: dg.ResourceParam[Writers]
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image: its visible content, without any emotion."""
    described = write_descriptions(dedup__images, writers.describer)
    return count_answers(described, dedup__images.height)


@dg.multi_asset(
    outs=outs(
        "texts__reasonings",
        "texts__details",
        "texts__evocations",
        "texts__comparisons",
        "texts__candidates",
    )
)
def written(
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
    writers: dg.ResourceParam[Writers],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Write the texts about emotions, all from the same evidence."""
    tables = write_emotion_texts(
        dedup__images,
        labels__emotions,
        labels__rankings,
        labels__vad,
        move_to_kept(ingest__annotations, dedup__clusters),
        texts__descriptions,
        writers.writer,
    )
    for name, answered in tables.items():
        counts = count_answers(answered, dedup__images.height).metadata
        yield dg.Output(answered.frame, name, metadata=counts)
