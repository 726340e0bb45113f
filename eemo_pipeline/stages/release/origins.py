"""Fingerprints of what was known about each image, so that a difference can be traced to its cause.

One row per image and upstream table: a hash of the image's rows in it. Two releases in which an
image has other rows of `annotation__replies` differ there because a model answered otherwise.
"""

import hashlib
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.release.redistribution import kept_ids

# Upstream tables, causes before effects, with what a change in them is called.
ORIGINS = {
    "ingest__records": "the source lists the image otherwise",
    "ingest__annotations": "the source's annotations changed",
    "annotation__replies": "an annotator answered otherwise",
    "verification__replies": "the verifier answered otherwise",
    "grounding__regions": "the grounder found other regions",
    "critic__verdicts": "the critic judged otherwise",
    "texts__descriptions": "the writer described otherwise",
    "texts__reasonings": "the writer reasoned otherwise",
    "texts__details": "the writer gave other details",
    "texts__evocations": "the writer explained otherwise",
    "texts__candidates": "the writer offered other candidates",
}
_DIGITS = 16


def fingerprint_images(tables: Path, images: pl.Series) -> pl.DataFrame:
    """Return image_id, origin_table and rows_hash, for the given images.

    Rows about a dropped near-duplicate count for the image that stands for it.

    Args:
        tables: the data root's tables.
        images: image_ids.
    """
    parts = [_fingerprint(tables, name, images) for name in ORIGINS]
    return pl.concat(parts).sort("image_id", "origin_table")


def _fingerprint(tables: Path, name: str, images: pl.Series) -> pl.DataFrame:
    rows = kept_ids(tables, scan_table(tables, name).collect())
    key = [column for column in TABLES[name].key if column in rows.columns]
    hashed = (
        rows.filter(pl.col("image_id").is_in(images.implode()))
        .sort(key)
        .select("image_id", pl.struct(pl.exclude("image_id")).struct.json_encode().alias("row"))
        .group_by("image_id", maintain_order=True)
        .agg(pl.col("row").str.join("\n"))
    )
    digests = [hashlib.sha256(text.encode()).hexdigest()[:_DIGITS] for text in hashed["row"]]
    return hashed.select(
        "image_id",
        pl.lit(name).alias("origin_table"),
        pl.Series("rows_hash", digests, dtype=pl.String),
    )
