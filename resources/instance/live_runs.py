"""Which runs are alive: each holds a lock on a file, which ends with its process.

Dagster frees the pools of a step at its end, which a killed process never reaches, and no other
process knows of the kill. Whoever starts a run next closes the killed ones.
"""

import fcntl
from io import TextIOWrapper
from pathlib import Path

import dagster as dg

_KILLED = "The process of this run was killed."


class LiveRuns:
    """The files of the runs that are alive, named after them."""

    def __init__(self, folder: Path) -> None:
        """Keep the files in `folder`, which is created by the first run."""
        self._folder = folder
        self._ours: dict[str, TextIOWrapper] = {}

    def enter(self, run_id: str) -> None:
        """Mark a run of this process as alive."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unnamed = self._folder / f".{run_id}"
        handle = unnamed.open("w", encoding="utf-8")
        fcntl.flock(handle, fcntl.LOCK_EX)
        unnamed.rename(self._folder / run_id)  # a file is locked as soon as it has its name
        self._ours[run_id] = handle

    def leave(self, run_id: str) -> None:
        """End the mark of a run of this process; without effect for others."""
        handle = self._ours.pop(run_id, None)
        if handle is not None:
            (self._folder / run_id).unlink(missing_ok=True)
            handle.close()

    def is_alive(self, run_id: str) -> bool:
        """Return whether a process holds the run's file."""
        try:
            with (self._folder / run_id).open(encoding="utf-8") as handle:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            pass
        return False

    def close_killed(self, instance: dg.DagsterInstance) -> None:
        """Record killed runs as failed, and free the pools of runs that have ended."""
        begun = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
        for run in instance.get_runs(dg.RunsFilter(statuses=begun)):
            if not self.is_alive(run.run_id):
                instance.report_run_failed(run, _KILLED)
        events = instance.event_log_storage
        if events.supports_global_concurrency_limits:
            for run_id in events.get_concurrency_run_ids():
                run = instance.get_run_by_id(run_id)
                if not self.is_alive(run_id) and (run is None or run.is_finished):
                    events.free_concurrency_slots_for_run(run_id)
        for file in self._folder.glob("[!.]*"):
            if not self.is_alive(file.name):
                file.unlink(missing_ok=True)
