"""Stage labels: people's native labels become distributions, ratings and rankings."""

import dagster as dg
import polars as pl

from eemo_pipeline.labels.centroids import build_centroids
from eemo_pipeline.labels.emotions import build_emotions
from eemo_pipeline.labels.rankings import build_rankings
from eemo_pipeline.labels.vad import build_vad
from resources.results import count_rows


@dg.asset
def labels__emotions(
    dedup__images: pl.DataFrame, ingest__annotations: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per picture, taxonomy and emotion with mass."""
    return count_rows(
        build_emotions(dedup__images, ingest__annotations), ingest__annotations.height
    )


@dg.asset
def labels__vad(
    dedup__images: pl.DataFrame, ingest__annotations: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per picture and origin of its valence, arousal and dominance."""
    return count_rows(build_vad(dedup__images, ingest__annotations), ingest__annotations.height)


@dg.asset
def labels__rankings(
    dedup__images: pl.DataFrame, labels__emotions: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept picture: its ranking of Ekman emotions, or why it has none."""
    return count_rows(build_rankings(dedup__images, labels__emotions), dedup__images.height)


@dg.asset
def labels__centroids(
    labels__emotions: pl.DataFrame, labels__vad: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per Ekman emotion: its mean place in valence-arousal-dominance space."""
    return count_rows(build_centroids(labels__emotions, labels__vad), labels__vad.height)
