"""What follows from the name of an asset: its columns, kinds, owner and table name."""

import dagster as dg

from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import TABLES

_OWNER = "team:eemo"


_MODEL_STAGES = {"annotation", "verification", "grounding", "critic", "training"}


def complete_spec(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Add what follows from an asset's name: columns, kinds, owner, table name."""
    table = TABLES.get(spec.key.to_user_string())
    if table is None:
        kinds = {"duckdb"} if spec.group_name == "warehouse" else {"file"}
        return spec.merge_attributes(owners=[_OWNER], kinds=kinds)
    kinds = {"parquet", "scikitlearn" if table.stage in _MODEL_STAGES else "polars"}
    return spec.merge_attributes(
        owners=[_OWNER],
        kinds=kinds,
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[_column(column, table.optional) for column in table.definitions]
            ),
            "dagster/table_name": table.name,
            "key": ", ".join(table.key),
        },
    )


def _column(column: Column, optional: frozenset[str]) -> dg.TableColumn:
    other = [f"unit: {column.unit}"] if column.unit else []
    if column.minimum is not None:
        other.append(f"at least {column.minimum:g}")
    if column.maximum is not None:
        other.append(f"at most {column.maximum:g}")
    if column.values:
        other.append("one of: " + ", ".join(column.values))
    return dg.TableColumn(
        column.name,
        str(column.dtype),
        column.meaning,
        dg.TableColumnConstraints(nullable=column.name in optional, other=other),
    )
