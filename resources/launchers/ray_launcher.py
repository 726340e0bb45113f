"""Runs training jobs on a Ray cluster: the folder's command is submitted as a Ray job.

The folder has to be on a file system that every node sees, with the locks that Linux has. The job
reports to Dagster through dagster-ray's client of Pipes, as it does from a subprocess. A job whose
node is lost is submitted again, and goes on from its last checkpoint. What may be left of the lost
attempt ends itself when it sees a later one in the folder, and the later one begins once the lock
of the folder is free: two attempts never write at once.
"""

import fcntl
import os
import shlex
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.stages.training.job_folder import (
    ATTEMPT_FILE,
    ATTEMPT_VARIABLE,
    LOCK_FILE,
    IncompleteRun,
    Resources,
    read_failure,
    resources_of,
)
from resources.launchers.cluster_room import NoRoom, Waiting, describe_room, read_wait_s
from resources.launchers.job_command import job_command
from resources.launchers.ray_address import NoCluster, connect, list_nodes, ray_address
from resources.launchers.subprocess_launcher import LOG_FILE, explain_exit

LOST_NODES = 3  # losses of a node that a job survives
_LOST = ("JOB_SUPERVISOR_ACTOR_DIED", "JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE")
_NO_ROOM = ("JOB_SUPERVISOR_ACTOR_START_TIMEOUT", "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE")
_LONGEST_WORDS = 300
_RELEASE_S = 60  # how long a lost attempt may take to end; on a dead machine, its lock to expire
# Numbers of threads decide the order of sums; a job gets those of the run.
_PASSED_ON = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class RayLauncher:
    """Runs a job on the cluster that RAY_ADDRESS names; implements `Launcher`."""

    def launch(self, folder: Path) -> None:
        """Run the folder's job within the current step and wait for it to end.

        A cancelled run ends the job with its children. What the job prints is in the log of the
        step, and in `job.log` of its folder.

        Raises:
            IncompleteRun: the job failed; the message is the job's own, or says what Ray says.
        """
        context = dg.AssetExecutionContext.get()
        for attempt in range(1, LOST_NODES + 2):
            told = _run(context, folder)
            if told is None:
                return
            if told.error_type not in _LOST or attempt > LOST_NODES:
                raise IncompleteRun(_explain(folder, told))
            context.log.warning(
                f"the node of the job in {folder} was lost ({_briefly(told.message)}): the job is "
                "submitted again, and goes on from its last checkpoint "
                f"(loss {attempt} of {LOST_NODES})"
            )


def _briefly(message: str) -> str:
    """Return the last line of what Ray says: the cause, after where it was seen."""
    return message.strip().rpartition("\n")[2].strip()[:_LONGEST_WORDS]


def entrypoint_resources(wanted: Resources) -> dict[str, Any]:
    """Return what a Ray job is submitted with, so that a node with room for it is chosen."""
    return {
        "entrypoint_num_cpus": wanted.cpus,
        "entrypoint_num_gpus": wanted.gpus,
        "entrypoint_memory": int(wanted.memory_gb * 1024**3),
    }


def _run(context: dg.AssetExecutionContext, folder: Path) -> Any:
    """Run the job once; return Ray's description of a job that failed, None of one that did not.

    Raises:
        IncompleteRun: there is no cluster, or it stopped answering.
    """
    # A word of the folder's name for people, and no name twice.
    job_id = f"{folder.name}-{uuid4().hex[:12]}"
    try:
        cluster, pipes = connect(folder.resolve() / f".{job_id}.pipes")
    except NoCluster as error:
        raise IncompleteRun(str(error)) from error
    wanted = resources_of(folder)
    context.log.info(
        f"The job in {folder} asks the cluster at {ray_address()} for "
        f"{describe_room(asdict(wanted))}."
    )
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    write_bytes(job_id.encode(), folder / ATTEMPT_FILE)
    _await_release(folder)
    # Its own polling is where the wait is watched: Dagster's log is written from one thread.
    pipes.client = _WatchedClient(cluster, context, folder)
    try:
        read_wait_s()
        pipes.run(
            context=context,
            submit_job_params={  # pyright: ignore[reportArgumentType]
                "entrypoint": f"exec {shlex.join(job_command(folder))}",
                "submission_id": job_id,
                "runtime_env": {"env_vars": {**passed_on, ATTEMPT_VARIABLE: job_id}},
                **entrypoint_resources(wanted),
            },
        )
    except RuntimeError as error:
        try:
            told = cluster.get_job_info(job_id)
        except RuntimeError:  # it never took the job
            raise IncompleteRun(
                f"the cluster at {ray_address()} refused the job in {folder}: "
                f"{_briefly(str(error))}"
            ) from error
        if not told.status.is_terminal():
            cluster.stop_job(job_id)
            raise
        _keep_log(cluster, job_id, folder)
        return told
    except NoRoom as error:
        cluster.stop_job(job_id)
        raise IncompleteRun(str(error)) from error
    except OSError as error:  # of the network; what is left of the job ends at the next attempt
        raise IncompleteRun(
            f"the cluster at {ray_address()} no longer answers ({_briefly(str(error))}): start it, "
            f"and the training again; the job in {folder} goes on from its last checkpoint"
        ) from error
    except BaseException:
        cluster.stop_job(job_id)
        raise
    _keep_log(cluster, job_id, folder)
    return None


class _WatchedClient:
    """A client of the cluster that says what a job waits for, when its state is asked for."""

    def __init__(self, cluster: Any, context: dg.AssetExecutionContext, folder: Path) -> None:
        self._cluster = cluster
        self._say = context.log.warning
        self._waiting = Waiting(
            f"The job in {folder}",
            asdict(resources_of(folder)),
            "Lower these keys of the recipe, or add a node; the job was not begun.",
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    def get_job_status(self, job_id: str) -> Any:
        """Return the state of a job.

        Raises:
            NoRoom: it has waited long enough for a node.
        """
        status = self._cluster.get_job_status(job_id)
        if status == "PENDING":
            self._waiting.look(lambda: list_nodes(self._cluster), self._say)
        return status


def _keep_log(cluster: Any, job_id: str, folder: Path) -> None:
    """Keep what the job printed; with its node that is lost."""
    try:
        text = cluster.get_job_logs(job_id)
    except (RuntimeError, OSError) as error:
        text = f"the node that has the log does not answer: {error}"
    (folder / LOG_FILE).write_text(text, encoding="utf-8", errors="replace")


def _explain(folder: Path, told: Any) -> str:
    """Return why a job failed: its own words, else Ray's."""
    if message := read_failure(folder):
        return message
    if told.error_type in _NO_ROOM:
        return (
            f"no node of the cluster at {ray_address()} had room for the job in {folder}: it asks "
            f"for {describe_room(asdict(resources_of(folder)))}. "
            f"Lower these keys of the recipe, or add a node. Ray says: {_briefly(told.message)}"
        )
    if told.error_type in _LOST:
        return (
            f"the job in {folder} lost its node {LOST_NODES + 1} times, and is not submitted "
            "again: look at the memory of the nodes, which most often ends them, and lower "
            f"batch_size_per_device or max_pixels in the recipe. Ray says: {_briefly(told.message)}"
        )
    if told.driver_exit_code is None:
        return f"the job in {folder} ended with status {told.status}: {told.message}"
    return explain_exit(folder, told.driver_exit_code)


def _await_release(folder: Path) -> None:
    """Wait until no process holds the folder, at most `_RELEASE_S`; else the attempt says so."""
    deadline = time.monotonic() + _RELEASE_S
    while time.monotonic() < deadline:
        try:
            with (folder / LOCK_FILE).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return
        except BlockingIOError:
            time.sleep(0.2)
        else:
            return
