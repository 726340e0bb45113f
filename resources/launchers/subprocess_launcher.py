"""Runs training jobs as subprocesses of the run, through Dagster Pipes.

A launcher gets a prepared job folder and runs its job; the folder's contract is in
`eemo_pipeline/stages/training/job_folder.py`. A launcher for another machine is one more file
here with the same `launch`, and one line in `resources/composition.py`.
"""

import sys
from pathlib import Path

import dagster as dg

from eemo_pipeline.stages.training.job_folder import job_module


class SubprocessLauncher(dg.ConfigurableResource):
    """Runs a job with this Python, on this machine; implements `Launcher`."""

    client: dg.ResourceDependency[dg.PipesSubprocessClient]

    def launch(self, folder: Path) -> None:
        """Run the job of the folder within the current step, and wait for its end.

        Raises:
            dagster.DagsterPipesExecutionError: the job's process failed; its log says why.
        """
        self.client.run(
            context=dg.AssetExecutionContext.get(),
            command=[sys.executable, "-m", job_module(folder), str(folder)],
        )
