"""The outputs of an asset that makes several tables at once.

The sentence that describes a table stands once, in `eemo_pipeline/schema/tables.py`.
"""

import dagster as dg
import polars as pl

from eemo_pipeline.schema.tables import TABLES


def outs(*tables: str, dagster_type: type = pl.DataFrame) -> dict[str, dg.AssetOut]:
    """Return one output per table, in the order given, each described by its grain.

    Args:
        tables: names of the schema.
        dagster_type: what the asset yields for each; `object` where a table comes in batches.
    """
    return {
        name: dg.AssetOut(
            dagster_type=dagster_type, description=f"One row per {TABLES[name].grain}."
        )
        for name in tables
    }
