"""Turns what a stage returns into Dagster's result, with the counts of the conservation law.

Belongs here: names of metadata. Does not belong here: counting (the stages and `sql/` do).
"""

import dagster as dg
import polars as pl

from eemo_pipeline.ledger import AnsweredTable


def count_rows(frame: pl.DataFrame, rows_in: int) -> dg.MaterializeResult[pl.DataFrame]:
    """A table made of `rows_in` rows; rows whose status is a refusal are counted as refused."""
    return dg.MaterializeResult(value=frame, metadata=_counts(frame, rows_in))


def count_answers(answered: AnsweredTable, rows_in: int) -> dg.MaterializeResult[pl.DataFrame]:
    """A table of answers: how many were computed now, and how many the ledger held."""
    metadata = _counts(answered.frame, rows_in)
    metadata |= {"computed": answered.asked, "reused": answered.reused}
    return dg.MaterializeResult(value=answered.frame, metadata=metadata)


def _counts(frame: pl.DataFrame, rows_in: int) -> dict[str, int]:
    counts = {"rows_in": rows_in, "rows_out": frame.height}
    if "status" in frame.columns:
        counts["rows_refused"] = int((~frame["status"].is_in(["ok", "ranked"])).sum())
    return counts
