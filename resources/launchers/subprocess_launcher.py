"""Runs training jobs as subprocesses of the run, through Dagster Pipes.

A launcher runs the job of a prepared job folder, whose contract is in
`eemo_pipeline/stages/training/job_folder.py`. To add a launcher for another machine, add a module
here with the same `launch` method and one line in `resources/composition.py`.
"""

import sys
from pathlib import Path

import dagster as dg

from eemo_pipeline.stages.training.job_folder import job_module


class SubprocessLauncher(dg.ConfigurableResource):
    """Runs a job on this machine with the current Python interpreter; implements `Launcher`."""

    client: dg.ResourceDependency[dg.PipesSubprocessClient]

    def launch(self, folder: Path) -> None:
        """Run the folder's job within the current step and wait for it to end.

        Raises:
            dagster.DagsterPipesExecutionError: the job's process failed; the cause is in its log.
        """
        self.client.run(
            context=dg.AssetExecutionContext.get(),
            command=[sys.executable, "-m", job_module(folder), str(folder)],
        )
