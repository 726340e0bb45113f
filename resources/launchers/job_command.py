"""The command that runs a job's folder, in the environment that the job names."""

import math
import os
import shlex
import sys
from pathlib import Path

from eemo_pipeline.stages.training.job_folder import environment_of, job_module, resources_of
from resources.child_models.child_process import split_command


def job_command(folder: Path) -> list[str]:
    """Return the words of the command.

    EEMO_<ENVIRONMENT>_PYTHON, such as EEMO_TRL_PYTHON, names the interpreter; else it is this one.

    Raises:
        IncompleteRun: no job was prepared in the folder.
    """
    environment = environment_of(folder)
    named = os.environ.get(f"EEMO_{environment.upper()}_PYTHON", "") if environment else ""
    python = split_command(named) or [sys.executable]
    return [*python, "-m", job_module(folder), str(folder.resolve())]


def slurm_command(folder: Path) -> str:
    """Return the one command that runs the job on a Slurm host that sees the folder."""
    wanted = resources_of(folder)
    words = [
        *([f"--gpus={math.ceil(wanted.gpus)}"] if wanted.gpus else []),
        f"--cpus-per-task={math.ceil(wanted.cpus)}",
        *([f"--mem={math.ceil(wanted.memory_gb)}G"] if wanted.memory_gb else []),
    ]
    wrapped = shlex.join(job_command(folder))
    return f"sbatch {' '.join(words)} --requeue --wrap {shlex.quote(wrapped)}"
