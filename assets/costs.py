"""Stage costs: calls, answers and cost of every model."""

import dagster as dg
import polars as pl

from assets._results import count_costs, count_rows
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.costs import count_calls, count_days

# Every stage that calls a model: its calls are counted in the same run.
_ASKING = (
    "ingest__images",
    "annotation__replies",
    "verification__replies",
    "grounding__regions",
    "critic__verdicts",
    "texts__descriptions",
    "texts__reasonings",
    "expansion__images",
    "evaluation__predictions",
    "evaluation__studies",
)


@dg.asset(deps=_ASKING)
def costs__calls(ledger: dg.ResourceParam[Ledger]) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per stage, role and model: calls, answers and cost over the ledger's lifetime."""
    return count_costs(count_calls(ledger))


@dg.asset(deps=_ASKING)
def costs__days(ledger: dg.ResourceParam[Ledger]) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per day, stage, role and called model: calls to providers and their cost."""
    days = count_days(ledger)
    return count_rows(days, days.height)
