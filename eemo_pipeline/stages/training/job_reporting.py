"""The job's side of the job folder contract: writes progress, the artefact, and the result last.

If Dagster Pipes started the process, progress and result are sent to Dagster as well. The folder
is the same with and without Pipes.
"""

import fcntl
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.lake.parquet import file_sha256, write_bytes
from eemo_pipeline.stages.training.job_folder import (
    ATTEMPT_FILE,
    ATTEMPT_VARIABLE,
    ENVIRONMENT_FILE,
    FAILURE_FILE,
    LOCK_FILE,
    METRICS_FILE,
    RESULT_FILE,
    encode_json,
    read_job,
)

if TYPE_CHECKING:
    from dagster_pipes import PipesContext

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$", re.MULTILINE)


class JobFailed(RuntimeError):
    """A job cannot go on; the message says why, and which key of the recipe cures it."""


@dataclass(frozen=True)
class Reporter:
    """Writes into one job folder and, if Pipes started the process, reports to Dagster.

    Attributes:
        folder: the job folder.
        job: the content of `job.json`.
        pipes: the Dagster Pipes session, None without one.
    """

    folder: Path
    job: Mapping[str, Any]
    pipes: "PipesContext | None"

    def keep_progress(self, step: int) -> None:
        """Keep the lines of `metrics.jsonl` up to `step`: what a resumed job does not repeat."""
        path = self.folder / METRICS_FILE
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if _step_of(line) <= step]
        path.unlink(missing_ok=True)
        if kept:
            write_bytes("".join(f"{line}\n" for line in kept).encode(), path)

    def report_progress(self, step: Mapping[str, Any]) -> None:
        """Append a line to `metrics.jsonl`; send Dagster a log line and a custom message."""
        with (self.folder / METRICS_FILE).open("a", encoding="utf-8") as metrics:
            metrics.write(json.dumps(dict(step), allow_nan=False) + "\n")
        if self.pipes is not None:
            self.pipes.log.info(", ".join(f"{name} {value}" for name, value in step.items()))
            self.pipes.report_custom_message({"event": "progress", **step})

    def finish(self, result: Mapping[str, Any], artefact: str, content: bytes) -> None:
        """Write the artefact, then `result.json`, which completes the run."""
        write_bytes(content, self.folder / artefact)
        self.complete(result, artefact)

    def complete(
        self, result: Mapping[str, Any], artefact: str, files: tuple[str, ...] = ()
    ) -> None:
        """Write `result.json` for an artefact that is on disk, and for files that belong to it."""
        complete = {
            **result,
            "run_id": self.job["run_id"],
            "artefact": artefact,
            "sha256": file_sha256(self.folder / artefact),
        }
        if files:
            complete["files"] = {name: file_sha256(self.folder / name) for name in sorted(files)}
        write_bytes(encode_json(complete), self.folder / RESULT_FILE)
        if self.pipes is not None:
            self.pipes.report_custom_message({"event": "result", **complete})


@contextmanager
def open_job(folder: Path) -> Iterator[Reporter]:
    """Read the job, remove the files of an earlier attempt, and connect to Dagster if present.

    Checkpoints stay. The progress of the earlier attempt goes, unless the job keeps a part of it.

    Raises:
        IncompleteRun: the folder holds no job, or its inputs were altered.
        JobFailed: another process runs the job, the environment lacks a package, or the job failed
            for a reason that a person can cure. The reason is in `failure.json`, too.
    """
    with _open(folder) as reporter:
        reporter.keep_progress(0)
        yield reporter


@contextmanager
def resume_job(folder: Path) -> Iterator[Reporter]:
    """Do as `open_job`, but leave the progress of the earlier attempt for `keep_progress`."""
    with _open(folder) as reporter:
        yield reporter


@contextmanager
def _open(folder: Path) -> Iterator[Reporter]:
    from dagster_pipes import PipesEnvVarParamsLoader, open_dagster_pipes

    with ExitStack() as stack:
        pipes = None
        if PipesEnvVarParamsLoader().is_dagster_pipes_process():
            pipes = stack.enter_context(open_dagster_pipes())
            _end_when_left(folder)
        job = read_job(folder)
        stack.enter_context(_lock(folder))
        for name in (RESULT_FILE, FAILURE_FILE):
            (folder / name).unlink(missing_ok=True)
        for torn in folder.glob(".*.tmp"):  # left by an attempt that was killed while writing
            if torn.is_file():
                torn.unlink()
        try:
            _require_environment(folder, str(job.get("about", {}).get("environment", "")))
            yield Reporter(folder, job, pipes)
        except JobFailed as failure:
            with suppress(OSError):  # the disk is full; Dagster and the log have the message
                write_bytes(encode_json({"message": str(failure)}), folder / FAILURE_FILE)
            raise


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the folder, so that two processes never write the same run.

    Raises:
        JobFailed: another process holds it.
    """
    path = folder / LOCK_FILE
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JobFailed(
                f"another process is running the job in {folder}: wait for its end, or end it"
            ) from error
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _end_when_left(folder: Path) -> None:
    """End this process's group when its parent dies, as by SIGKILL, or a later attempt began.

    A node that the cluster has lost may run on. It is ended before the next attempt takes the lock.
    """
    parent, attempt = os.getppid(), os.environ.get(ATTEMPT_VARIABLE)

    def watch() -> None:
        while os.getppid() == parent and _is_current(folder, attempt):
            time.sleep(1)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _is_current(folder: Path, attempt: str | None) -> bool:
    """Return whether no later attempt began; True where the file cannot be read."""
    if attempt is None:
        return True
    try:
        return (folder / ATTEMPT_FILE).read_text(encoding="utf-8") == attempt
    except OSError:
        return True


def _require_environment(folder: Path, name: str) -> None:
    """Require the packages of `environment.txt`; another version of one is told, not refused.

    Raises:
        JobFailed: packages are missing.
    """
    path = folder / ENVIRONMENT_FILE
    if not path.is_file():
        return
    missing = []
    for package, _ in _PIN.findall(path.read_text(encoding="utf-8")):
        try:
            version(package)
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        variable = f"EEMO_{name.upper()}_PYTHON"
        raise JobFailed(
            f"the environment {name} lacks {', '.join(missing[:5])}"
            f"{' and others' if len(missing) > 5 else ''}. Install it with "
            f"`python -m pip install -r {path}`, or name its interpreter in {variable}"
        )


def _step_of(line: str) -> float:
    try:
        step = json.loads(line).get("step", 1)
    except (ValueError, AttributeError):
        return float("inf")  # torn by a kill
    return float(step) if isinstance(step, int | float) else float("inf")
