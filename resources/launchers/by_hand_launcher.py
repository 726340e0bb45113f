"""Prepares a job and prints how to run it: by hand, or on a Slurm host."""

import shlex
from pathlib import Path

from eemo_pipeline.stages.training.job_folder import IncompleteRun
from resources.launchers.job_command import job_command, slurm_command


class ByHandLauncher:
    """Runs nothing; implements `Launcher`."""

    def launch(self, folder: Path) -> None:
        """Say how to run the prepared job.

        Raises:
            IncompleteRun: always; the message has the commands.
        """
        raise IncompleteRun(
            f"the job in {folder} is prepared and waits to be run. By hand: "
            f"{shlex.join(job_command(folder))}   On Slurm: {slurm_command(folder)}   "
            "Then run the same command as now again: it takes the result in"
        )
