"""A table made of answers, together with the work it took."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.ledger.usage import NO_WORK, Work


@dataclass(frozen=True)
class AnsweredTable:
    """A table made of answers, and the cache hits, calls and cost of making it."""

    frame: pl.DataFrame
    work: Work = NO_WORK

    @classmethod
    def join(cls, tables: Sequence["AnsweredTable"], empty: pl.DataFrame) -> "AnsweredTable":
        """Concatenate the rows of all tables in order and sum their work; `empty` if none."""
        return cls(
            pl.concat([empty, *(table.frame for table in tables)]),
            sum((table.work for table in tables), NO_WORK),
        )
