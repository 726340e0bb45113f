"""The job's side of the job folder contract: writes progress, the artefact, and the result last.

If Dagster Pipes started the process, progress and result are sent to Dagster as well. The folder
is the same with and without Pipes.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.stages.training.job_folder import (
    METRICS_FILE,
    RESULT_FILE,
    encode_json,
    read_job,
)

if TYPE_CHECKING:
    from dagster_pipes import PipesContext


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

    def report_progress(self, step: Mapping[str, Any]) -> None:
        """Append a line to `metrics.jsonl`; send Dagster a log line and a custom message."""
        with (self.folder / METRICS_FILE).open("a", encoding="utf-8") as metrics:
            metrics.write(json.dumps(dict(step), allow_nan=False) + "\n")
        if self.pipes is not None:
            self.pipes.log.info(", ".join(f"{name} {value}" for name, value in step.items()))
            self.pipes.report_custom_message({"event": "progress", **step})

    def finish(self, result: Mapping[str, Any], artefact: str, content: bytes) -> None:
        """Write the artefact, then `result.json`, which completes the run."""
        written = write_bytes(content, self.folder / artefact)
        complete = {
            **result,
            "run_id": self.job["run_id"],
            "artefact": artefact,
            "sha256": written.sha256,
        }
        write_bytes(encode_json(complete), self.folder / RESULT_FILE)
        if self.pipes is not None:
            self.pipes.report_custom_message({"event": "result", **complete})


@contextmanager
def open_job(folder: Path) -> Iterator[Reporter]:
    """Read the job, remove the files of an earlier attempt, and connect to Dagster if present.

    Raises:
        IncompleteRun: the folder holds no job, or its inputs were altered.
    """
    from dagster_pipes import PipesEnvVarParamsLoader, open_dagster_pipes

    with ExitStack() as stack:
        pipes = None
        if PipesEnvVarParamsLoader().is_dagster_pipes_process():
            pipes = stack.enter_context(open_dagster_pipes())
        job = read_job(folder)
        for name in (RESULT_FILE, METRICS_FILE):
            (folder / name).unlink(missing_ok=True)
        for torn in folder.glob(".*.tmp"):  # left by an attempt that was killed while writing
            torn.unlink()
        yield Reporter(folder, job, pipes)
