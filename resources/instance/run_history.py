"""Prunes the record of runs: a nightly build leaves 1,800 events each time.

A run stays while it is among the latest, is not over, or holds what the pages show of an asset now:
the latest materialisation or observation of it or of a partition, or the latest result of a check.
"""

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)

from resources.instance.event_storage import EventLog

KEPT_RUNS = 100
_SHOWN = ("ASSET_MATERIALIZATION", "ASSET_OBSERVATION")


def prune_runs(instance: dg.DagsterInstance, most: int = KEPT_RUNS) -> int:
    """Delete the runs before the latest `most` that hold nothing which is shown; return how many.

    Answers, costs and tables are not in the record of runs, and stay.
    """
    events = instance.event_log_storage
    older = instance.get_runs()[most:]  # the latest is first
    if not older or not isinstance(events, EventLog):
        return 0
    shown = _find_shown(events)
    ended = [run.run_id for run in older if run.is_finished and run.run_id not in shown]
    for run_id in ended:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
    return len(ended)


def _find_shown(events: EventLog) -> set[str]:
    """Return the runs that hold the latest event of an asset, a partition or a check."""
    log, checks = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
    kinds = (log.asset_key, log.partition, log.dagster_event_type)
    latest = (
        sa.select(sa.func.max(log.id)).where(log.dagster_event_type.in_(_SHOWN)).group_by(*kinds),
        sa.select(sa.func.max(checks.id)).group_by(checks.asset_key, checks.check_name),
    )
    with events.index_connection() as connection:
        rows = [
            *connection.execute(sa.select(log.run_id).where(log.id.in_(latest[0]))),
            *connection.execute(sa.select(checks.run_id).where(checks.id.in_(latest[1]))),
        ]
    return {run_id for (run_id,) in rows}
