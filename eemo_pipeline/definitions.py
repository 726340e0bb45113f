"""The composition root: joins stages, checks, jobs and resources into one code location.

Belongs here: policy that holds for all assets (group, columns, kinds, owners), applied once.
Does not belong here: any asset, any rule, anything that runs at import beyond declaring.
"""

from importlib import import_module

import dagster as dg

from assets import STAGES
from assets._checks import build_checks
from eemo_pipeline.automation import JOBS, SCHEDULES, SENSORS
from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import TABLES
from resources import build_resources

_OWNER = "team:eemo"
_MODEL_STAGES = {"annotation", "verification", "grounding", "critic", "training"}


def build_definitions(
    data: str | None = None, loggers: dict[str, dg.LoggerDefinition] | None = None
) -> dg.Definitions:
    """The code location; tests and tools build it for a data root of their own."""
    assets = [
        dg.map_asset_specs(_complete, loaded)
        for stage in STAGES
        for loaded in [dg.load_assets_from_modules([import_module(f"assets.{stage}")], stage)]
    ]
    return dg.Definitions(
        assets=[asset for loaded in assets for asset in loaded],
        asset_checks=build_checks(),
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources=build_resources(data),
        loggers=loggers or {},
        # A step is cheap and pixels have their own pool: one process per run is the fastest.
        executor=dg.in_process_executor,
    )


def _complete(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Add what follows from an asset's name: columns, kinds, owner, table name."""
    table = TABLES.get(spec.key.to_user_string())
    if table is None:
        kinds = {"duckdb"} if spec.group_name == "warehouse" else set()
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
    if column.minimum is not None or column.maximum is not None:
        other.append(f"range: {column.minimum} to {column.maximum}")
    if column.values:
        other.append("one of: " + ", ".join(column.values))
    return dg.TableColumn(
        column.name,
        str(column.dtype),
        column.meaning,
        dg.TableColumnConstraints(nullable=column.name in optional, other=other),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; nothing is built when the module is imported."""
    return build_definitions()
