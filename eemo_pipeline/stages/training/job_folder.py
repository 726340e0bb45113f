"""The job folder: the inputs and the outputs of a training job.

A job is a module of `jobs/`. A `Launcher` runs it in another process, on this machine or on one
with a GPU, as `python -m eemo_pipeline.stages.training.jobs.<job> FOLDER`. No module imports a
job: the folder is its only interface to the pipeline.

Inputs, written by `prepare_job`:
- `<input>.parquet`: the rows, in the order given.
- `images/<image_id>`: images by content, hard links where the file system allows it.
- folder `base`: the model that the job starts from, where that is the result of another run.
- `environment.txt`: the lock file of the environment that the job needs.
- `job.json`: job, method, run_id, seed, parameters, inputs and linked files with their SHA-256, and
  under `about` the recipe, the environment, and the versions of data and code. Written last.

Outputs, written by the job (`job_reporting.py`):
- `metrics.jsonl`: one JSON object per progress report, appended while the job runs.
- folder `checkpoints`: of jobs that can resume.
- `failure.json`: the reason of an attempt that failed, in words for a person.
- artefact files.
- `result.json`: run_id, status, counts, scores, artefact with its SHA-256. Written last, under a
  temporary name, and renamed: the run is complete once it exists. A killed job leaves none, and
  its rerun starts from the inputs, or from the last checkpoint.

No file contains a time, a host name or a path outside the folder, so equal inputs give equal bytes.
Files whose names begin with a dot are notes for this machine: lock, attempt, hashes of large files.
"""

import io
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.training.file_hashes import hash_files
from eemo_pipeline.stats.hash_draws import short_hash

JOB_FILE = "job.json"
METRICS_FILE = "metrics.jsonl"
RESULT_FILE = "result.json"
FAILURE_FILE = "failure.json"
ENVIRONMENT_FILE = "environment.txt"
CHECKPOINTS = "checkpoints"
LOCK_FILE = ".lock"  # held by the process that runs the job
ATTEMPT_FILE = ".attempt"  # the attempt that may write, where a launcher makes several
ATTEMPT_VARIABLE = "EEMO_ATTEMPT"  # what an attempt is told that it is
_JOBS = "eemo_pipeline.stages.training.jobs"
_COPIED = (
    "status",
    "reason",
    "train_count",
    "test_count",
    "accuracy",
    "macro_f1",
    "baseline_accuracy",
    "train_loss",
    "mean_reward",
    "step_count",
    "token_count",
)
_ABOUT = (
    "recipe",
    "recipe_hash",
    "environment",
    "environment_hash",
    "code_version",
    "data_versions",
    "base_model",
    "base_run_id",
)
_SECONDS_PER_HOUR = 3600


class IncompleteRun(Exception):
    """The job folder has no valid job, input or result; the message says which."""


@dataclass(frozen=True)
class Resources:
    """What a job needs of the machine that it runs on; a note of the job, and no part of its key.

    Attributes:
        cpus: cores.
        gpus: GPUs.
        memory_gb: main memory in GiB; 0 if that is not known.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    memory_gb: float = 0.0


class Launcher(Protocol):
    """Runs prepared jobs. Implementations are in `resources/launchers/`."""

    def launch(self, folder: Path) -> None:
        """Run the job of a prepared folder and return when it has ended; raise if it fails."""
        ...


def prepare_job(
    folder: Path,
    job: str,
    method: str,
    seed: int,
    parameters: Mapping[str, Any],
    inputs: Mapping[str, pl.DataFrame],
    about: Mapping[str, Any] | None = None,
    linked: Mapping[str, tuple[Path, str]] | None = None,
) -> str:
    """Write the job's inputs and description into `folder`, and return its run_id.

    The run_id is the hash of job, method, seed, parameters and the bytes of inputs and linked
    files. If the folder already has this job, finished or not, its description and outputs are
    kept. If it has another job, the outputs of that job are removed.

    Args:
        folder: created if missing.
        job: the name of a module in `jobs/`.
        method: the model and the fitting procedure, with sources; part of the run_id.
        seed: the seed of every random choice of the job.
        parameters: JSON values.
        inputs: name -> rows; written as `<name>.parquet`.
        about: recipe, environment, and versions of data and code; no part of the run_id, so that
            they tell what the run was made with.
        linked: name in the folder -> a file and its SHA-256.
    """
    contents = {f"{name}.parquet": _as_parquet(frame) for name, frame in inputs.items()}
    folder.mkdir(parents=True, exist_ok=True)
    hashes: dict[str, str] = {}
    for name, content in contents.items():
        hashes[name] = write_bytes(content, folder / name).sha256
    described = {
        "job": job,
        "method": method,
        "seed": seed,
        "parameters": dict(parameters),
        "inputs": hashes,
    }
    if linked:
        described["linked"] = {name: sha256 for name, (_, sha256) in sorted(linked.items())}
    run_id = short_hash(json.dumps(described, sort_keys=True))
    if _read_json(folder / JOB_FILE).get("run_id") != run_id:
        _remove_outputs(folder)
        for name, (path, _) in (linked or {}).items():
            (folder / name).unlink(missing_ok=True)
            link_file(path, folder / name)
        more = {"about": dict(about)} if about else {}
        write_bytes(encode_json({"run_id": run_id, **described, **more}), folder / JOB_FILE)
    return run_id


def link_file(path: Path, to: Path) -> None:
    """Make `to` a hard link to `path`, or a copy where the file system has no hard links.

    An existing `to` is kept.

    Raises:
        OSError: the file cannot be read, or the disk is full.
    """
    if to.exists():
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    source = path.resolve()
    try:
        os.link(source, to)
    except OSError:
        temporary = to.with_name(f".{to.name}.tmp")
        try:
            shutil.copyfile(source, temporary)
            temporary.replace(to)
        finally:
            temporary.unlink(missing_ok=True)


def _remove_outputs(folder: Path) -> None:
    """Remove result, progress, checkpoints and artefacts of an earlier job."""
    result = _read_json(folder / RESULT_FILE)
    outputs = [str(result.get("artefact", METRICS_FILE)), *map(str, result.get("files", {}))]
    for name in (RESULT_FILE, METRICS_FILE, FAILURE_FILE, *outputs):
        path = folder / name
        if path.resolve().is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)
    for name in (CHECKPOINTS, "base", "cold_start", "merged", "states"):
        shutil.rmtree(folder / name, ignore_errors=True)


def skip_job(folder: Path, reason: str, train_count: int, test_count: int) -> None:
    """Complete a prepared job without running it; its row has status skipped and the reason."""
    result = {
        "run_id": read_job(folder)["run_id"],
        "status": "skipped",
        "reason": reason,
        "train_count": train_count,
        "test_count": test_count,
    }
    write_bytes(encode_json(result), folder / RESULT_FILE)


def job_module(folder: Path) -> str:
    """Return the module that runs the folder's job, as in `python -m MODULE FOLDER`.

    Raises:
        IncompleteRun: no job was prepared in the folder.
    """
    return f"{_JOBS}.{_describe_job(folder)['job']}"


def environment_of(folder: Path) -> str:
    """Return the name of the environment that the folder's job needs; empty for none of its own.

    Raises:
        IncompleteRun: no job was prepared in the folder.
    """
    return str(_describe_job(folder).get("about", {}).get("environment") or "")


def resources_of(folder: Path) -> Resources:
    """Return what the folder's job needs: of a job that does not say so, one core.

    Raises:
        IncompleteRun: no job was prepared in the folder.
    """
    return Resources(**_describe_job(folder).get("about", {}).get("resources", {}))


def read_parameters(folder: Path) -> dict[str, Any]:
    """Return the parameters of the folder's job.

    Raises:
        IncompleteRun: no job was prepared in the folder.
    """
    return dict(_describe_job(folder).get("parameters", {}))


def is_complete(folder: Path) -> bool:
    """Return whether the folder has the result of its current job, with an intact artefact."""
    result = _read_json(folder / RESULT_FILE)
    if not result or result.get("run_id") != _read_json(folder / JOB_FILE).get("run_id"):
        return False
    files = dict(result.get("files", {}))
    if (artefact := result.get("artefact")) is not None:
        files[artefact] = result.get("sha256")
    return hash_files(folder, files) == files


def result_of(folder: Path) -> dict[str, Any]:
    """Return the content of `result.json`; empty for a run that is not complete."""
    return _read_json(folder / RESULT_FILE) if is_complete(folder) else {}


def read_failure(folder: Path) -> str | None:
    """Return what the last attempt said about its failure; None if it said nothing."""
    message = _read_json(folder / FAILURE_FILE).get("message")
    return None if message is None else str(message)


def read_result(folder: Path, root: Path, usd_per_gpu_hour: float | None = None) -> pl.DataFrame:
    """Return the finished run as a row of `training__runs`; `path` is relative to `root`.

    Without a price per hour, `usd` is null unless no GPU was used.

    Raises:
        IncompleteRun: the job has not finished, or its artefact was changed afterwards.
    """
    if not is_complete(folder):
        raise IncompleteRun(
            f"{folder} holds no finished run: the job was stopped, or its files were changed. "
            "Its progress is in metrics.jsonl; materialise training__runs again to start over."
        )
    job, result = read_job(folder), _read_json(folder / RESULT_FILE)
    artefact, about = result.get("artefact"), job.get("about", {})
    gpu_hours = round(result.get("gpu_seconds", 0.0) / _SECONDS_PER_HOUR, 6)
    row = {
        "run_id": job["run_id"],
        "job": job["job"],
        "method": job["method"],
        "seed": job["seed"],
        **{name: about.get(name) for name in _ABOUT},
        "recipe": about.get("recipe", job["job"]),
        **{name: result.get(name) for name in _COPIED},
        "measures": json.dumps(result.get("measures", {}), sort_keys=True),
        "device": result.get("device", "cpu"),
        "gpu_hours": gpu_hours,
        "usd": round(gpu_hours * usd_per_gpu_hour, 6)
        if usd_per_gpu_hour
        else (None if gpu_hours else 0.0),
        "path": (folder / artefact).relative_to(root).as_posix() if artefact else None,
        "sha256": result.get("sha256"),
    }
    return pl.DataFrame([row], schema=TABLES["training__runs"].polars_schema)


def read_job(folder: Path) -> dict[str, Any]:
    """Return the description of the job after verifying the SHA-256 of its inputs.

    Raises:
        IncompleteRun: there is no job, or an input is missing or altered.
    """
    job = _describe_job(folder)
    expected = job["inputs"] | job.get("linked", {})
    for name, sha256 in hash_files(folder, expected).items():
        if sha256 != expected[name]:
            raise IncompleteRun(
                f"{folder / name} is missing or not what {JOB_FILE} says: prepare the job again."
            )
    return job


def encode_json(value: Mapping[str, Any]) -> bytes:
    """Encode as JSON with sorted keys, one key per line.

    Raises:
        ValueError: a number is NaN or infinite, which JSON cannot represent.
    """
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def _describe_job(folder: Path) -> dict[str, Any]:
    job = _read_json(folder / JOB_FILE)
    if not job:
        raise IncompleteRun(f"{folder} holds no {JOB_FILE}: prepare the job first.")
    return job


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_bytes())
    except ValueError:
        return {}  # truncated by a crash of the machine; treated as missing
    return value if isinstance(value, dict) else {}


def _as_parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
