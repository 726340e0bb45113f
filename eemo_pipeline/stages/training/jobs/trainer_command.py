"""Runs another trainer by its own command on an export: `python -m ...jobs.trainer_command FOLDER`.

ms-swift, LLaMA-Factory and verl each need an environment of their own. Their command is in the
recipe; {base}, {train}, {export} and {output} are replaced. Their metrics, one JSON object per
line, are passed on; what they print is passed through. The job ends when the command ends.
"""

import json
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from eemo_pipeline.stages.training.job_reporting import JobFailed, Reporter, open_job

_OUTPUT, _EXPORT = "output", "export"
_STEP_NAMES = ("step", "current_steps", "global_step", "global_step/max_steps")
_POLL_S = 0.5


def main(folder: Path) -> None:
    """Run the job that `folder` describes.

    Raises:
        IncompleteRun: the folder holds no job, or its inputs were altered.
        JobFailed: the command cannot be started, failed, or left no result.
    """
    with open_job(folder) as reporter:
        _run(reporter)


def fill_command(words: list[str], places: dict[str, str]) -> list[str]:
    """Return the words of a command with {base}, {train}, {export} and {output} replaced."""
    filled = []
    for word in words:
        for name, place in places.items():
            word = word.replace(f"{{{name}}}", place)
        filled.append(word)
    return filled


def _run(reporter: Reporter) -> None:
    folder, parameters = reporter.folder.resolve(), reporter.job["parameters"]
    output = folder / _OUTPUT
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    linked = folder / "base"
    command = fill_command(
        parameters["command"],
        {
            "base": str(linked) if linked.is_dir() else parameters["base"],
            "train": str(folder / _EXPORT / parameters["train_file"]),
            "export": str(folder / _EXPORT),
            "output": str(output),
        },
    )
    if command[0] == "python":
        command[0] = sys.executable
    last = _follow(command, folder, output / parameters["metrics"], reporter)
    artefact = next(iter(sorted(output.rglob(parameters["artefact"]))), None)
    if artefact is None:
        raise JobFailed(
            f"{command[0]} ended without {parameters['artefact']} in {output}: look at its log "
            "above, and at the key artefact of the recipe"
        )
    result = {
        "status": "ok",
        "train_count": parameters["train_rows"],
        "test_count": 0,
        "step_count": last.get("step"),
        "train_loss": last.get("loss"),
    }
    reporter.complete(result, artefact.relative_to(folder).as_posix())


def _follow(command: list[str], folder: Path, metrics: Path, reporter: Reporter) -> dict[str, Any]:
    """Run the command and pass its metrics on; return the last of them."""
    last: dict[str, Any] = {}
    read = 0
    try:
        process = subprocess.Popen(command, cwd=folder)  # noqa: S603 (the recipe's own, no shell)
    except OSError as error:
        name = reporter.job.get("about", {}).get("environment", "")
        raise JobFailed(
            f"{command[0]} cannot be started ({error.strerror}): name the interpreter of its "
            f"environment in EEMO_{name.upper()}_PYTHON"
        ) from error
    try:
        while True:
            code = process.poll()
            text = metrics.read_text(encoding="utf-8", errors="replace") if metrics.exists() else ""
            lines = text.splitlines()
            whole = lines if text.endswith("\n") or code is not None else lines[:-1]
            for line in whole[read:]:
                if step := _as_step(line):
                    last = {**last, **step}
                    reporter.report_progress(step)
            read = len(whole)
            if code is not None:
                break
            time.sleep(_POLL_S)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if code:
        raise JobFailed(f"{command[0]} ended with code {code}: its own messages are above")
    return last


def _as_step(line: str) -> dict[str, Any]:
    """Return the finite numbers of a line of metrics, with its step under one name."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    numbers = {
        str(name): value
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
    for name in _STEP_NAMES:
        value = str(found.get(name, "")).partition("/")[0]
        if value.isdigit():
            return {"step": int(value)} | {k: v for k, v in numbers.items() if k not in _STEP_NAMES}
    return numbers


if __name__ == "__main__":
    main(Path(sys.argv[1]))
