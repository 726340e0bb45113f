"""Runs training jobs as subprocesses of the run, through Dagster Pipes.

A launcher runs the job of a prepared job folder, whose contract is in
`eemo_pipeline/stages/training/job_folder.py`. To add a launcher for another machine, add a module
here with the same `launch` method and one line in `resources/launchers/choice.py`.
"""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import dagster as dg

from eemo_pipeline.stages.training.job_failures import out_of_memory
from eemo_pipeline.stages.training.job_folder import IncompleteRun, read_failure, read_parameters
from resources.child_models.child_process import child_environment
from resources.launchers.job_command import job_command

LOG_FILE = "job.log"  # what the job and its libraries print
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # of a child, and as a shell tells it
_GRACE_S = 10
_LAST_BYTES, _LONGEST_WORDS = 4096, 300


class SubprocessLauncher:
    """Runs a job on this machine, in a process group of its own; implements `Launcher`."""

    def launch(self, folder: Path) -> None:
        """Run the folder's job within the current step and wait for it to end.

        A cancelled run ends the whole group: the job, its data loaders, and a trainer that it has
        started. The job gets no credentials,
        and prints into `job.log` of its folder.

        Raises:
            IncompleteRun: the job failed; the message is the job's own, or names its exit code.
        """
        context = dg.AssetExecutionContext.get()
        with (
            dg.open_pipes_session(
                context, dg.PipesTempFileContextInjector(), dg.PipesTempFileMessageReader()
            ) as session,
            (folder / LOG_FILE).open("wb") as log,
            subprocess.Popen(  # noqa: S603 (a module of ours, without a shell)
                job_command(folder),
                env={**child_environment(), **session.get_bootstrap_env_vars()},
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as process,
        ):
            try:
                code = process.wait()
            except BaseException:
                end_group(process)
                raise
        if code:
            raise IncompleteRun(explain_exit(folder, code))


def end_group(process: "subprocess.Popen[bytes]", grace_s: float = _GRACE_S) -> None:
    """Ask a process group to end, and kill what is left of it after `grace_s` seconds."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):  # the group has ended
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)


def explain_exit(folder: Path, code: int) -> str:
    """Return why a job ended: its own words, else how it was ended."""
    if message := read_failure(folder):
        return message
    if code in _KILLED:
        advice = str(out_of_memory(read_parameters(folder))).removeprefix("out of memory: ")
        return (
            f"the job in {folder} was killed, most often for want of memory: {advice}; it goes on "
            "from its last checkpoint"
        )
    return explain_last_words(folder, code)


def explain_last_words(folder: Path, code: int) -> str:
    """Return how a job ended that said nothing about it, and what it printed last."""
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the job in {folder} ended with {how}; it said last: {_last_words(folder / LOG_FILE)}"


def _last_words(log: Path) -> str:
    """Return the last line of a job's log, bounded; where there is none, the place of the log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LAST_BYTES))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return f"{lines[-1][:_LONGEST_WORDS]} (all of it in {log})" if lines else f"nothing, see {log}"
