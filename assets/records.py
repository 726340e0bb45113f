"""Stage records: the integrated EmoVerse record of every kept image."""

import dagster as dg
import polars as pl

from assets._results import count_rows
from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import WordEvidence, list_boxed
from eemo_pipeline.stages.critic.limits import CriticLimits
from eemo_pipeline.stages.records import build_records, describe_images
from eemo_pipeline.stages.sources import known_sources


@dg.asset
def records__emoverse(
    ingest__records: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    _critic__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    verification__patterns: pl.DataFrame,
    critic__verdicts: pl.DataFrame,
    critic__choices: pl.DataFrame,
    critic__word_choices: pl.DataFrame,
    grounding__regions: pl.DataFrame,
    thresholds: dg.ResourceParam[CriticLimits],
    text_similarity: dg.ResourceParam[TextSimilarity],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image: its EmoVerse record and the record's state."""
    records = build_records(
        dedup__images,
        annotation__replies,
        _critic__replies,
        verification__replies,
        critic__verdicts,
        grounding__regions,
        verification__patterns,
        critic__choices,
        thresholds.decision,
        text_similarity,
        WordEvidence(list_boxed(ingest__annotations, dedup__clusters), critic__word_choices),
    )
    described = describe_images(
        records,
        dedup__images,
        move_to_kept(ingest__records, dedup__clusters),
        annotation__replies,
        _critic__replies,
        {name: source.image_type for name, source in known_sources().items()},
    )
    return count_rows(described, dedup__images.height)
