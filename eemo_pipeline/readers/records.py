"""Turns judged rows into records, annotations and rejects."""

from collections.abc import Iterable

import polars as pl

from eemo_pipeline.readers.contract import (
    ANNOTATION_SCHEMA,
    RECORD_SCHEMA,
    REJECT_SCHEMA,
    SourceTables,
)
from eemo_pipeline.readers.delimited import count_within, smallest_within


def conclude(
    judged: pl.DataFrame, table_paths: Iterable[str], label_space: str, semantics: str
) -> SourceTables:
    """Return records, annotations and rejects from judged rows.

    `judged` holds table_path, row, record_id, path, resolved_by, reason, detail, where rows are
    lines also line, and any column of the annotations; `source_split`, `native_label` and
    `record_attributes` go to the record, from its first row. Rows that name one image make one
    record, under the smallest of their record identifiers.
    """
    facts = {"label_space": pl.lit(label_space), "semantics": pl.lit(semantics)}
    judged = judged.with_columns(**facts)
    optional = {"source_split": "source_split", "native_label": "native_label"}
    optional["record_attributes"] = "attributes"
    firsts = judged.filter(
        pl.col("path").is_not_null() & pl.col("path").is_first_distinct()
    ).with_row_index("record_no")
    # Joined separately, because a join copies every column of its input.
    record_no = judged.select("path").join(
        firsts.select("path", "record_no"), on="path", how="left", maintain_order="left"
    )["record_no"]
    records = firsts.select(
        "path",
        "resolved_by",
        "label_space",
        "semantics",
        smallest_within(record_no, judged["record_id"], firsts["record_id"]),
        *(
            pl.col(name).alias(column)
            for name, column in optional.items()
            if name in judged.columns
        ),
    ).with_columns(
        # Two spellings that resolve to two images may be one identifier once blanks are removed.
        pl.when(pl.col("record_id").is_duplicated())
        .then("path")
        .otherwise("record_id")
        .alias("record_id")
    )
    annotations = judged.with_columns(record_no).filter(pl.col("reason").is_null())
    record_no = annotations["record_no"]
    annotations = annotations.with_columns(
        records["record_id"].gather(record_no), count_within(record_no).alias("annotation_no")
    )
    rejects = judged.filter(pl.col("reason").is_not_null()).with_columns(path="table_path")
    return SourceTables(
        records=fill_schema(records, RECORD_SCHEMA),
        annotations=fill_schema(annotations, ANNOTATION_SCHEMA),
        rejects=fill_schema(rejects, REJECT_SCHEMA),
        table_paths=frozenset(table_paths),
        row_count=judged.height,
    )


def fill_schema(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return the columns of the schema, cast to its types; missing columns become null."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )
