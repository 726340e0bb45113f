"""Dagster's launcher of runs, which also knows when the process of a run was killed.

With it the daemon records a killed run as failed within seconds, and begins it again where its tags
ask for that. Without, such a run stays "started" until the next one begins.
"""

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

from resources.instance.event_storage import RunRecords


class WatchedRunLauncher(DefaultRunLauncher):
    """`run_launcher` of dagster.yaml; launches as Dagster does by default."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Return whether the storage of runs knows which are alive."""
        return isinstance(self._instance.run_storage, RunRecords)

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return whether the process of a run that has started is there."""
        storage = self._instance.run_storage
        if not isinstance(storage, RunRecords) or storage.live_runs.is_alive(run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        # A run ends before its file does, so that it may have ended since it was listed.
        latest = self._instance.get_run_by_id(run.run_id)
        if latest is None or latest.is_finished:
            return CheckRunHealthResult(WorkerStatus.SUCCESS)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process was killed")
