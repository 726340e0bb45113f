"""What the adapters of lexicons share: judged rows to words and rejects.

Belongs here: the words of any lexicon. Does not belong here: how one is laid out (`sources/`), or
reading cells (`annotation_files.py`).
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
    """Words and rejects from judged rows.

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
