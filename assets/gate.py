"""Stage gate: values that people changed in tables by hand."""

import dagster as dg
import polars as pl

from assets._results import count_rows
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.gate.edits import build_edits


@dg.asset(deps=[name for name in TABLES if name != "gate__edits"])
def gate__edits(data_root: dg.ResourceParam[DataRoot]) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per value that a person changed by hand, and whether its table still has it.

    Every table may be edited, so it follows all of them.
    """
    edits = build_edits(data_root.gate, data_root.tables)
    return count_rows(edits, edits.height)
