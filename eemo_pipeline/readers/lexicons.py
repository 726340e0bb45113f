"""Turns the judged rows of any lexicon into words and rejects.

The layout of each lexicon is in `sources/`.
"""

from collections.abc import Iterable

import polars as pl

from eemo_pipeline.readers.contract import (
    ANNOTATION_SCHEMA,
    RECORD_SCHEMA,
    REJECT_SCHEMA,
    WORD_SCHEMA,
    SourceTables,
)
from eemo_pipeline.readers.records import fill_schema


def conclude_words(judged: pl.DataFrame, table_paths: Iterable[str]) -> SourceTables:
    """Return words and rejects from judged rows.

    `judged` holds table_path, row, reason, detail and the columns of WORD_SCHEMA. A lexicon has
    neither records nor annotations.
    """
    return SourceTables(
        records=pl.DataFrame(schema=RECORD_SCHEMA),
        annotations=pl.DataFrame(schema=ANNOTATION_SCHEMA),
        rejects=fill_schema(
            judged.filter(pl.col("reason").is_not_null()).with_columns(path="table_path"),
            REJECT_SCHEMA,
        ),
        table_paths=frozenset(table_paths),
        row_count=judged.height,
        words=fill_schema(judged.filter(pl.col("reason").is_null()), WORD_SCHEMA),
    )
