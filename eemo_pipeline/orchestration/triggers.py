"""The schedules and sensors, which start runs by themselves; all are off until switched on.

- `nightly_build` (schedule): every source, every night.
- `remote_changes` (schedule): the sources with a new version at their address.
- `changed_sources` (sensor): the sources whose files on disk changed.
- `finished_batches` (sensor): collects the results of finished batches.
- `new_votes` (sensor): takes in what people said in the review tool.
"""

from collections.abc import Iterable

import dagster as dg

from assets._partitions import BY_SOURCE
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.orchestration.jobs import (
    build_dataset,
    collect_batches,
    partition_tags,
    take_in_votes,
)
from eemo_pipeline.orchestration.source_changes import look_at_sources
from eemo_pipeline.sources import SourceDataset
from eemo_pipeline.stages.ingest import FILES_STAMP
from resources.network.remote_versions import look_at_remotes
from resources.providers.batches import look_at_batches

REMOTE_VERSION = "eemo/remote_version"  # run tag: the new version at the source's address
# Nobody is there at night: a run whose process was killed is begun again, once, where it stopped.
# What was answered is in the ledger. A step that fails with an error needs a person.
ONCE_MORE = {"dagster/max_retries": "1"}
LAST_EVENT = "eemo/last_event"  # run tag: number of the last event of the review tool
# Dagster ends a look of a sensor after 60 s; listing the last source still has to fit.
_LOOK_S = 30.0


@dg.schedule(
    job=build_dataset,
    cron_schedule="0 3 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every night at 03:00: read every source again. Unchanged images cost nothing.",
)
def nightly_build() -> dg.RunRequest:
    """Ask for one run over all sources."""
    return dg.RunRequest(tags={**partition_tags(), **ONCE_MORE})


def build_remote_schedule(sources: Iterable[SourceDataset]) -> dg.ScheduleDefinition:
    """Return the schedule that asks each source's address for the version it offers.

    A changed source gets a run of its own partition, with a tag that names the new version. The
    schedule downloads nothing; a person does, with `eemo fetch`.
    """
    watched = tuple(sources)

    @dg.schedule(
        name="remote_changes",
        job=build_dataset,
        cron_schedule="0 2 * * *",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        required_resource_keys={"data_root"},
        description="Every night at 02:00: read the sources that offer a new version again.",
    )
    def remote_changes(
        context: dg.ScheduleEvaluationContext,
    ) -> list[dg.RunRequest] | dg.SkipReason:
        look = look_at_remotes(watched, context.resources.data_root)
        if not look.changed:
            return dg.SkipReason("; ".join(f"{name}: {why}" for name, why in look.quiet.items()))
        return [
            dg.RunRequest(tags={**partition_tags(name, name), **ONCE_MORE, REMOTE_VERSION: version})
            for name, version in look.changed.items()
        ]

    return remote_changes


@dg.sensor(
    job=build_dataset,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    required_resource_keys={"data_root"},
    description="Looks at all folders below sources/ every minute, and reads a source again when "
    "its files changed since they were last read.",
)
def changed_sources(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Ask for one run per changed source: its partition, and all that follows from it."""
    data_root: DataRoot = context.resources.data_root
    look = look_at_sources(
        data_root.sources,
        BY_SOURCE.get_partition_keys(),
        context.cursor,
        _LOOK_S,
        _find_stamps(context.instance),
    )
    if not look.changed:
        return dg.SensorResult(cursor=look.cursor, skip_reason=look.summary)
    # Without run keys: Dagster starts one run per key, ever, and a folder may change back.
    runs = [
        dg.RunRequest(tags={**partition_tags(name, name), **ONCE_MORE}) for name in look.changed
    ]
    return dg.SensorResult(runs, cursor=look.cursor)


def _find_stamps(instance: dg.DagsterInstance) -> dict[str, str]:
    """Return source -> fingerprint of its files when they were last read."""
    stamps: dict[str, str] = {}
    for name in BY_SOURCE.get_partition_keys():
        chosen = dg.AssetRecordsFilter(dg.AssetKey("ingest__records"), asset_partitions=[name])
        for record in instance.fetch_materializations(chosen, limit=1).records:
            event = record.asset_materialization
            stamp = event.metadata.get(FILES_STAMP) if event else None
            if isinstance(stamp, dg.TextMetadataValue) and stamp.value:
                stamps[name] = stamp.value
    return stamps


@dg.sensor(
    job=collect_batches,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.STOPPED,
    required_resource_keys={"ledger", "batches"},
    description="Asks providers every five minutes, and collects the results of finished batches.",
)
def finished_batches(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Ask for a run when a batch has ended and no other run collects it already."""
    look = look_at_batches(context.resources.ledger, context.resources.batches, context.cursor)
    if look.why_not is not None:
        return dg.SensorResult(cursor=look.cursor, skip_reason=look.why_not)
    return dg.SensorResult([dg.RunRequest(tags=ONCE_MORE)], cursor=look.cursor)


@dg.sensor(
    job=take_in_votes,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.STOPPED,
    required_resource_keys={"reviews"},
    description="Looks every five minutes whether people have said more in the review tool, and "
    "takes it in.",
)
def new_votes(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Ask for a run when the log of the review tool is longer than the last run took in."""
    last = context.resources.reviews.find_last_event()
    if last <= max(int(context.cursor or 0), _find_taken_in(context.instance)):
        return dg.SensorResult(skip_reason=f"nothing was said after event {last}")
    return dg.SensorResult(
        [dg.RunRequest(tags={LAST_EVENT: str(last), **ONCE_MORE})], cursor=str(last)
    )


def _find_taken_in(instance: dg.DagsterInstance) -> int:
    """Return the number of the last event that is in `review__votes`, 0 where there is none."""
    chosen = dg.AssetKey("review__votes")
    for record in instance.fetch_materializations(chosen, limit=1).records:
        event = record.asset_materialization
        last = event.metadata.get("last_event") if event else None
        if isinstance(last, dg.IntMetadataValue):
            return int(last.value or 0)
    return 0
