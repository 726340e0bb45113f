"""A table made of answers.

Belongs here: the rows together with where their answers came from, and what they cost. Does not
belong here: any table in particular (the stages), the answers (`answering.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.ledger.usage import NO_WORK, Work


@dataclass(frozen=True)
class AnsweredTable:
    """A table made of answers, and what answering took."""

    frame: pl.DataFrame
    work: Work = NO_WORK

    @classmethod
    def join(cls, tables: Sequence["AnsweredTable"], empty: pl.DataFrame) -> "AnsweredTable":
        """The rows of all tables, in their order, and the sums; `empty` where there is no table."""
        return cls(
            pl.concat([empty, *(table.frame for table in tables)]),
            sum((table.work for table in tables), NO_WORK),
        )
