"""What starts a run by itself: the schedules and sensors, all off until switched on."""

import json
from collections.abc import Iterable, Mapping

import dagster as dg

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.orchestration.jobs import build_dataset, collect_batches, partition_tags
from eemo_pipeline.readers.listing import content_fingerprint, fingerprint, list_files
from eemo_pipeline.sources import SourceDataset
from resources.network.remote_versions import look_at_remotes
from resources.providers.batches import look_at_batches

REMOTE_VERSION = "eemo/remote_version"  # run tag: what is new at the source's address


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
