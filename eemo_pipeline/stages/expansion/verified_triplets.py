"""The triplets that the expansion starts from, and how many records each emotion lacks.

A triplet is verified where its record is preserved with all three parts and an emotion. Generated
images are left out: their own triplets would ask for more of the same, and each run for other
images than the last.
"""

from collections.abc import Mapping

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stats.hash_draws import short_hash

PARTS = ("background", "attribute", "subject")
GENERATED, FOUND = "aigc", "web"


def select_triplets(records: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, source, split, emotion and the three parts of every verified triplet.

    Args:
        records: `records__emoverse`.
    """
    return (
        preserved(records)
        .filter(pl.col("source") != GENERATED)
        .filter(pl.all_horizontal(pl.col(part).fill_null("").str.contains(r"\w") for part in PARTS))
        .select("image_id", "source", "split", "emotion", *PARTS)
        .sort("image_id")
    )


def preserved(records: pl.DataFrame) -> pl.DataFrame:
    """Return the preserved records that have an emotion of Mikels' eight."""
    return records.filter(
        pl.col("state") == "preserved", pl.col("emotion").is_in(MIKELS_8), ~pl.col("is_contested")
    )


def count_deficits(records: pl.DataFrame) -> dict[str, int]:
    """Return emotion -> preserved records that it has fewer than the most frequent one.

    Args:
        records: `records__emoverse`; generated images do not count.
    """
    counted = preserved(records).filter(pl.col("source") != GENERATED)["emotion"].value_counts()
    found = dict(counted.iter_rows())
    most = max(found.values(), default=0)
    return {emotion: most - found.get(emotion, 0) for emotion in MIKELS_8}


def name_triplet(row: Mapping[str, str]) -> str:
    """Return the triplet_id of emotion and parts; case and outer blanks make no difference."""
    return short_hash(*(row[name].strip().lower() for name in ("emotion", *PARTS)))
