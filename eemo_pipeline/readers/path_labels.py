"""Makes the tables of datasets whose labels are the folders or names of their images.

For images without an annotation file. Each adapter knows which part of a path is the label; the
ingest stage determines whether a file is an image.
"""

from collections.abc import Collection

import polars as pl

from eemo_pipeline.readers.contract import (
    ANNOTATION_SCHEMA,
    RECORD_SCHEMA,
    REJECT_SCHEMA,
    Listing,
    SourceTables,
)
from eemo_pipeline.readers.records import fill_schema
from eemo_pipeline.readers.row_checks import known_label


def place_files(listing: Listing, known: Collection[str]) -> pl.DataFrame:
    """Return every file but the `known` ones: its `path`, its `folder` or null, its `file`."""
    paths = [path for path in listing.paths if path not in known]
    return pl.DataFrame({"path": paths}, schema={"path": pl.String}).with_columns(
        pl.col("path").str.extract(r"([^/]+)/[^/]*$").alias("folder"),
        pl.col("path").str.extract(r"([^/]*)$").alias("file"),
    )


def conclude_placed(
    placed: pl.DataFrame, table_paths: Collection[str], label_space: str, semantics: str
) -> SourceTables:
    """Return one record per file, and one annotation where its `label` is one of the space.

    `placed` holds path, record_id, label and annotator_id, and any column of the records. The
    annotation names no table and no row, because there is none. Where two files share a record_id,
    each is identified by its path.
    """
    is_known = known_label(pl.col("label"), label_space).fill_null(value=False)
    rows = placed.with_columns(
        pl.when(pl.col("record_id").is_duplicated())
        .then("path")
        .otherwise("record_id")
        .alias("record_id"),
        pl.when(is_known).then("label").alias("native_label"),
        pl.lit("listing").alias("resolved_by"),
        pl.lit(label_space).alias("label_space"),
        pl.lit(semantics).alias("semantics"),
    )
    annotations = (
        rows.filter(pl.col("native_label").is_not_null())
        .drop("attributes", strict=False)
        .with_columns(
            pl.lit(0).alias("annotation_no"),
            pl.concat_list("native_label").alias("native_labels"),
            pl.lit([1.0]).alias("native_weights"),
        )
    )
    return SourceTables(
        records=fill_schema(rows, RECORD_SCHEMA),
        annotations=fill_schema(annotations, ANNOTATION_SCHEMA),
        rejects=pl.DataFrame(schema=REJECT_SCHEMA),
        table_paths=frozenset(table_paths),
        row_count=0,
    )
