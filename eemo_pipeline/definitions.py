"""The composition root: joins stages, checks, jobs, triggers and resources.

Belongs here: policy that holds for all assets (group, columns, kinds, owners), applied once, and
what runs when. Does not belong here: any asset, any rule, anything that runs at import beyond
declaring.
"""

import json
from collections.abc import Iterable, Mapping
from importlib import import_module

import dagster as dg

from assets import STAGES
from assets._checks import build_checks
from assets._partitions import BY_SOURCE
from eemo_pipeline.data_root import DataRoot
from eemo_pipeline.listing import content_fingerprint, fingerprint, list_files
from eemo_pipeline.registry import known_sources
from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.sources import SourceDataset
from resources.batches import look_at_batches
from resources.composition import build_resources
from resources.remote_versions import look_at_remotes

_FIRST = "dagster/asset_partition_range_start"
_LAST = "dagster/asset_partition_range_end"
REMOTE_VERSION = "eemo/remote_version"  # run tag: what is new at the source's address
_OWNER = "team:eemo"
_MODEL_STAGES = {"annotation", "verification", "grounding", "critic", "training"}

# They spend money, and act on what lies outside: only who asks for them gets them.
_ON_DEMAND = dg.AssetSelection.assets("batches__submissions", "batches__collections")
_BATCHES = dg.AssetSelection.assets("batches__jobs")

build_dataset = dg.define_asset_job(
    "build_dataset",
    selection=dg.AssetSelection.all() - _ON_DEMAND,
    description="Every table from every source, with all checks, to the DuckDB file.",
)


submit_batches = dg.define_asset_job(
    "submit_batches",
    selection=dg.AssetSelection.assets("batches__submissions") | _BATCHES,
    description="What annotation has not been answered, sent as batches at half the price.",
)
collect_batches = dg.define_asset_job(
    "collect_batches",
    selection=dg.AssetSelection.assets("batches__collections") | _BATCHES,
    description="The results of the batches that are over, into the ledger.",
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


def build_remote_schedule(sources: Iterable[SourceDataset]) -> dg.ScheduleDefinition:
    """The schedule that asks the sources' addresses, each with one request, what is new there.

    A source that has changed is read again: its partition alone, in a run whose tag names the
    new version. Nothing is fetched here: `eemo fetch` does that when a person wants it.
    """
    watched = tuple(sources)

    @dg.schedule(
        name="remote_changes",
        job=build_dataset,
        cron_schedule="0 2 * * *",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        required_resource_keys={"data_root"},
        description="Every night at 02:00: which sources have a new version where they come from?",
    )
    def remote_changes(
        context: dg.ScheduleEvaluationContext,
    ) -> list[dg.RunRequest] | dg.SkipReason:
        look = look_at_remotes(watched, context.resources.data_root)
        if not look.changed:
            return dg.SkipReason("; ".join(f"{name}: {why}" for name, why in look.quiet.items()))
        return [
            dg.RunRequest(tags={**partition_tags(name, name), REMOTE_VERSION: version})
            for name, version in look.changed.items()
        ]

    return remote_changes


def build_sensor(source: str) -> dg.SensorDefinition:
    """The sensor of one source: it asks for that source's partition and all that follows from it.

    Names, sizes and times are compared at every look. Where they differ, the contents decide, so
    that a copy or a touch alone starts nothing.
    """

    @dg.sensor(
        name=f"changed_{source}",
        job=build_dataset,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        required_resource_keys={"data_root"},
        description=f"Looks at sources/{source} every minute, and reads it again when it changed.",
    )
    def changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        data_root: DataRoot = context.resources.data_root
        listing = list_files(data_root.sources / source)
        seen = json.loads(context.cursor) if context.cursor else {}
        stamp = fingerprint(listing)
        content = seen.get("content")
        if stamp != seen.get("stamp"):
            content = content_fingerprint(listing)
        cursor = json.dumps({"stamp": stamp, "content": content})
        if not seen or content == seen.get("content"):
            return dg.SensorResult(cursor=cursor, skip_reason=_say_quiet(seen))
        # Without a run key: Dagster starts one run per key, ever, and a folder may change back.
        run = dg.RunRequest(tags=partition_tags(source, source))
        return dg.SensorResult([run], cursor=cursor)

    return changed


def _say_quiet(seen: Mapping[str, str]) -> str:
    return "Nothing changed." if seen else "First look: the folder is remembered as it is."


@dg.sensor(
    job=collect_batches,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.STOPPED,
    required_resource_keys={"ledger", "batches"},
    description="Asks every five minutes how open batches stand, and collects those that are over.",
)
def finished_batches(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """A run that collects, when there is something to collect and none is at work on it."""
    look = look_at_batches(context.resources.ledger, context.resources.batches, context.cursor)
    if look.why_not is not None:
        return dg.SensorResult(cursor=look.cursor, skip_reason=look.why_not)
    return dg.SensorResult([dg.RunRequest()], cursor=look.cursor)


def build_definitions(
    data: str | None = None,
    loggers: dict[str, dg.LoggerDefinition] | None = None,
    providers: str | None = None,
    budget_usd: str | None = None,
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
        jobs=[build_dataset, submit_batches, collect_batches],
        schedules=[nightly_build, build_remote_schedule(known_sources().values())],
        sensors=[
            *(build_sensor(name) for name in BY_SOURCE.get_partition_keys()),
            finished_batches,
        ],
        resources=build_resources(data, providers, budget_usd),
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
