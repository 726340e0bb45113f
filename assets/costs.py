"""Stage costs: calls, answers and money of every model that was asked."""

import dagster as dg
import polars as pl

from assets._results import count_rows
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.costs import count_calls

# Everything that asks a model, so that its calls are counted in the same run.
_ASKING = (
    "ingest__images",
    "annotation__replies",
    "verification__replies",
    "grounding__regions",
    "critic__verdicts",
    "texts__reasonings",
)


@dg.asset(deps=_ASKING)
def costs__calls(ledger: dg.ResourceParam[Ledger]) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per stage, role and model: calls, answers and cost over the ledger's life."""
    calls = count_calls(ledger)
    return count_rows(calls, calls.height)
