"""The composition root: joins stages, checks, jobs, triggers and resources.

Belongs here: policy that holds for all assets (group, columns, kinds, owners), applied once, and
what runs when. Does not belong here: any asset, any rule, anything that runs at import beyond
declaring.
"""

import json
from collections.abc import Mapping
from importlib import import_module

import dagster as dg

from assets import STAGES
from assets._checks import build_checks
from assets._partitions import BY_SOURCE
from eemo_pipeline.data_root import DataRoot
from eemo_pipeline.listing import fingerprint
from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import TABLES
from resources import build_resources

_FIRST = "dagster/asset_partition_range_start"
_LAST = "dagster/asset_partition_range_end"
_OWNER = "team:eemo"
_MODEL_STAGES = {"annotation", "verification", "grounding", "critic", "training"}

build_dataset = dg.define_asset_job(
    "build_dataset",
    selection=dg.AssetSelection.all(),
    description="Every table from every source, with all checks, to the DuckDB file.",
)


def partition_tags(first: str | None = None, last: str | None = None) -> dict[str, str]:
    """Run tags that choose a range of sources, by default all of them, for one run."""
    names = BY_SOURCE.get_partition_keys()
    return {_FIRST: first or names[0], _LAST: last or names[-1]}


@dg.schedule(
    job=build_dataset,
    cron_schedule="0 3 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every night at 03:00: read every source again. Unchanged pictures cost nothing.",
)
def nightly_build() -> dg.RunRequest:
    """One run over all sources."""
    return dg.RunRequest(tags=partition_tags())


@dg.sensor(
    job=build_dataset,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    required_resource_keys={"data_root"},
    description="Looks at the folder of each source every minute, and reads the changed ones.",
)
def changed_sources(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One run per source whose files, sizes or times changed since the last look."""
    data_root: DataRoot = context.resources.data_root
    seen: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
    current = {
        name: fingerprint(data_root.sources / name) for name in BY_SOURCE.get_partition_keys()
    }
    changed = [name for name, value in current.items() if seen and seen.get(name) != value]
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=f"{name}-{current[name]}", tags=partition_tags(name, name))
            for name in changed
        ],
        cursor=json.dumps(current),
        skip_reason=None if changed else _quiet(seen),
    )


def _quiet(seen: Mapping[str, str]) -> str:
    return "No source changed." if seen else "First look: the folders are remembered as they are."


def build_definitions(
    data: str | None = None, loggers: dict[str, dg.LoggerDefinition] | None = None
) -> dg.Definitions:
    """The code location; tests and tools build it for a data root of their own."""
    loaded = [
        asset
        for stage in STAGES
        for asset in dg.load_assets_from_modules(
            [import_module(f"assets.{stage}")], stage, include_specs=True
        )
        if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)
    ]
    return dg.Definitions(
        assets=dg.map_asset_specs(_complete, loaded),
        asset_checks=build_checks(),
        jobs=[build_dataset],
        schedules=[nightly_build],
        sensors=[changed_sources],
        resources=build_resources(data),
        loggers=loggers or {},
        # A step is cheap and pixels have their own pool: one process per run is the fastest.
        executor=dg.in_process_executor,
    )


def _complete(spec: dg.AssetSpec) -> dg.AssetSpec:
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


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; nothing is built when the module is imported."""
    return build_definitions()
