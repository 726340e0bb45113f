"""Runs a training job in another process, through Dagster Pipes.

Belongs here: how a job folder is handed to a process. Does not belong here: the folder's
contract (`eemo_pipeline/training/`) or any job. Where the GPU is elsewhere, only the Pipes
client differs; the job and its folder stay the same.
"""

import sys

import dagster as dg
import polars as pl
from pydantic import Field

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.training.classifier_inputs import JOB, prepare_classifier
from eemo_pipeline.stages.training.job_folder import is_complete, read_result


class TrainingLauncher(dg.ConfigurableResource):
    """Prepares a job folder, runs the job as a subprocess, and reads its result."""

    data_root: dg.ResourceDependency[DataRoot]
    client: dg.ResourceDependency[dg.PipesSubprocessClient]
    seed: int = Field(default=7, ge=0, description="Seed of every random choice of the job.")

    def train_classifier(
        self, context: dg.AssetExecutionContext, items: pl.DataFrame, features: pl.DataFrame
    ) -> dg.MaterializeResult[pl.DataFrame]:
        """Fit the emotion classifier, or take the finished run of the same job and inputs.

        Raises:
            dagster.DagsterPipesExecutionError: the job's process failed; its log says why.
        """
        folder = self.data_root.training / JOB
        run = prepare_classifier(folder, items, features, self.seed)
        is_new = not is_complete(folder)
        if is_new:
            command = [
                sys.executable,
                "-m",
                f"eemo_pipeline.stages.training.jobs.{JOB}",
                str(folder),
            ]
            self.client.run(context=context, command=command, extras={"run_id": run.run_id})
        metadata = {"computed": int(is_new), "reused": int(not is_new), "run_id": run.run_id}
        return dg.MaterializeResult(
            value=read_result(folder, self.data_root.path), metadata=metadata
        )
