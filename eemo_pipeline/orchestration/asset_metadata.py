"""Metadata that follows from an asset's name: owner, kinds, columns, table name, code version."""

import dagster as dg

from eemo_pipeline.orchestration.code_versions import build_code_versions
from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import TABLES

_OWNER = "team:eemo"

# What makes an asset, shown as icons in Dagster's UI, which takes three at most.
_OF_A_TABLE = frozenset({"parquet", "polars"})
_OF_ANYTHING_ELSE = frozenset({"file"})
KINDS: dict[str, frozenset[str]] = {
    # OpenCV measures pixels.
    "_ingest__measurements": frozenset({"parquet", "polars", "opencv"}),
    "_verification__features": frozenset({"parquet", "polars", "opencv"}),
    "grounding__regions": frozenset({"parquet", "polars", "opencv"}),
    # Embedded models answer, or providers do.
    "annotation__replies": frozenset({"opencv", "openai", "gemini"}),
    "verification__replies": frozenset({"scikitlearn", "openai", "gemini"}),
    "critic__verdicts": frozenset({"parquet", "openai", "gemini"}),
    "_critic__replies": frozenset({"parquet", "openai", "gemini"}),
    **{
        f"texts__{kind}": frozenset({"polars", "openai", "gemini"})
        for kind in (
            *("descriptions", "reasonings", "details", "evocations", "comparisons"),
            "candidates",
        )
    },
    "batches__submissions": frozenset({"openai", "gemini"}),
    "batches__collections": frozenset({"openai", "gemini"}),
    # Near-duplicates are joined in DuckDB; the training job is written in NumPy.
    "dedup__edges": frozenset({"parquet", "polars", "duckdb"}),
    "expansion__images": frozenset({"parquet", "polars", "openai"}),
    "dedup__clusters": frozenset({"parquet", "polars", "duckdb"}),
    "training__runs": frozenset({"parquet", "polars", "numpy"}),
    "warehouse__database": frozenset({"duckdb"}),
}


def complete_spec(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Return the spec with its owner, kinds and code version and, for a table, its columns."""
    name = spec.key.to_user_string()
    table = TABLES.get(name)
    kinds = KINDS.get(name, _OF_A_TABLE if table else _OF_ANYTHING_ELSE)
    complete = spec.merge_attributes(owners=[_OWNER], kinds=set(kinds))
    if version := build_code_versions().get(name):
        complete = complete.replace_attributes(code_version=version)
    if table is None:
        return complete
    columns = [_describe_column(column, table.optional) for column in table.definitions]
    return complete.merge_attributes(
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "dagster/table_name": table.name,
            "key": ", ".join(table.key),
        }
    )


def _describe_column(column: Column, optional: frozenset[str]) -> dg.TableColumn:
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
