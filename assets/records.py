"""Stage records: the integrated EmoVerse record of every kept image."""

import dagster as dg
import polars as pl

from assets._results import count_rows
from eemo_pipeline.stages.records import build_records


@dg.asset
def records__emoverse(
    dedup__images: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    _critic__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    verification__patterns: pl.DataFrame,
    critic__verdicts: pl.DataFrame,
    grounding__regions: pl.DataFrame,
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
    )
    return count_rows(records, dedup__images.height)
