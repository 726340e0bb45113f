"""Stage gate: values that people changed in tables by hand."""

from collections.abc import Iterable

import dagster as dg
import polars as pl

from assets._priorities import AFTER_TABLES
from assets._results import count_rows
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.gate.edits import build_edits


def build_gate(last_tables: Iterable[str]) -> dg.AssetsDefinition:
    """Return the asset `gate__edits`, which is made after `last_tables`.

    Every table may be edited, so it follows all of them; for its edges see `build_warehouse`.
    """

    @dg.asset(deps=list(last_tables), group_name="gate", op_tags={"dagster/priority": AFTER_TABLES})
    def gate__edits(data_root: dg.ResourceParam[DataRoot]) -> dg.MaterializeResult[pl.DataFrame]:
        """One row per value that a person changed by hand, and whether its table still has it.

        Every table may be edited, so it follows all of them.
        """
        edits = build_edits(data_root.gate, data_root.tables)
        return count_rows(edits, edits.height)

    return gate__edits
