"""A table made of answers.

Belongs here: the rows together with where their answers came from, and what they cost. Does not
belong here: any table in particular (the stages), the answers (`__init__.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class AnsweredTable:
    """A table made of answers: how many were new, how many the ledger held, and the cost.

    `cached` are those that the ledger held and a provider had been paid for.
    """

    frame: pl.DataFrame
    asked: int
    reused: int
    calls: int = 0
    usd: float = 0.0
    cached: int = 0

    @classmethod
    def join(cls, tables: Sequence["AnsweredTable"], empty: pl.DataFrame) -> "AnsweredTable":
        """The rows of all tables, in their order, and the sums; `empty` where there is no table."""
        return cls(
            pl.concat([empty, *(table.frame for table in tables)]),
            sum(table.asked for table in tables),
            sum(table.reused for table in tables),
            sum(table.calls for table in tables),
            sum(table.usd for table in tables),
            sum(table.cached for table in tables),
        )
