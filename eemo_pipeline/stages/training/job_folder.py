"""The job folder: the inputs and the outputs of a training job.

A job is a module of `jobs/`. A `Launcher` runs it in another process, on this machine or on one
with a GPU, as `python -m eemo_pipeline.stages.training.jobs.<job> FOLDER`. No module imports a
job: the folder is its only interface to the pipeline.

Inputs, written by `prepare_job`:
- `<input>.parquet`: the rows, in the order given.
- `job.json`: job, method, run_id, seed, parameters, inputs with their SHA-256. Written last.

Outputs, written by the job (`job_reporting.py`):
- `metrics.jsonl`: one JSON object per progress report, appended while the job runs.
- artefact files.
- `result.json`: run_id, status, counts, scores, artefact with its SHA-256. Written last, under a
  temporary name, and renamed: the run is complete once it exists. A killed job leaves none, and
  its rerun starts from the inputs.

No file contains a time, a host name or a path outside the folder, so equal inputs give equal bytes.
"""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from eemo_pipeline.lake.parquet import file_sha256, write_bytes
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import short_hash

JOB_FILE = "job.json"
METRICS_FILE = "metrics.jsonl"
RESULT_FILE = "result.json"
_JOBS = "eemo_pipeline.stages.training.jobs"
_COPIED = (
    "status",
    "reason",
    "train_count",
    "test_count",
    "accuracy",
    "macro_f1",
    "baseline_accuracy",
)


class IncompleteRun(Exception):
    """The job folder has no valid job, input or result; the message says which."""


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
) -> str:
    """Write the job's inputs and description into `folder`, and return its run_id.

    The run_id is the hash of job, method, seed, parameters and the bytes of the inputs. If the
    folder already has this job, finished or not, its description and outputs are kept. If it has
    another job, the outputs of that job are removed.

    Args:
        folder: created if missing.
        job: the name of a module in `jobs/`.
        method: the model and the fitting procedure, with sources; part of the run_id.
        seed: the seed of every random choice of the job.
        parameters: JSON values.
        inputs: name -> rows; written as `<name>.parquet`.
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
    run_id = short_hash(json.dumps(described, sort_keys=True))
    if _read_json(folder / JOB_FILE).get("run_id") != run_id:
        artefact = Path(str(_read_json(folder / RESULT_FILE).get("artefact", METRICS_FILE))).name
        for name in (RESULT_FILE, METRICS_FILE, artefact):
            (folder / name).unlink(missing_ok=True)
        write_bytes(encode_json({"run_id": run_id, **described}), folder / JOB_FILE)
    return run_id


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


def is_complete(folder: Path) -> bool:
    """Return whether the folder has the result of its current job, with an intact artefact."""
    result = _read_json(folder / RESULT_FILE)
    if not result or result.get("run_id") != _read_json(folder / JOB_FILE).get("run_id"):
        return False
    artefact = result.get("artefact")
    if artefact is None:
        return True
    path = folder / str(artefact)
    return path.is_file() and file_sha256(path) == result.get("sha256")


def read_result(folder: Path, root: Path) -> pl.DataFrame:
    """Return the finished run as a row of `training__runs`; `path` is relative to `root`.

    Raises:
        IncompleteRun: the job has not finished, or its artefact was changed afterwards.
    """
    if not is_complete(folder):
        raise IncompleteRun(
            f"{folder} holds no finished run: the job was stopped, or its files were changed. "
            "Its progress is in metrics.jsonl; materialise training__runs again to start over."
        )
    job, result = read_job(folder), _read_json(folder / RESULT_FILE)
    artefact = result.get("artefact")
    row = {
        "run_id": job["run_id"],
        "job": job["job"],
        "method": job["method"],
        "seed": job["seed"],
        **{name: result.get(name) for name in _COPIED},
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
    for name, expected in job["inputs"].items():
        path = folder / name
        if not path.is_file() or file_sha256(path) != expected:
            raise IncompleteRun(
                f"{path} is missing or not what {JOB_FILE} says: prepare the job again."
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
