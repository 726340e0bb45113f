"""The table `training__runs`: prepares the job, launches it if it has no result, and reads it."""

from dataclasses import dataclass

import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.stages.training.classifier_inputs import JOB, prepare_classifier
from eemo_pipeline.stages.training.job_folder import Launcher, is_complete, read_result


@dataclass(frozen=True)
class TrainedRun:
    """A finished training run.

    Attributes:
        frame: its row of `training__runs`.
        run_id: hash of the job and its inputs.
        work: one new run, or one reused result.
    """

    frame: pl.DataFrame
    run_id: str
    work: Work


def train_classifier(
    items: pl.DataFrame, features: pl.DataFrame, data_root: DataRoot, seed: int, launcher: Launcher
) -> TrainedRun:
    """Fit the emotion classifier, or reuse the finished run of the same job and inputs.

    Args:
        items: a frame of `assess__items`.
        features: a frame of `_verification__features`.
        data_root: the job folder is created below its folder `training`.
        seed: the seed of every random choice of the job.
        launcher: runs the job; not called if the folder already has the result.

    Raises:
        IncompleteRun: the job ended without a result.
    """
    folder = data_root.training / JOB
    prepared = prepare_classifier(folder, items, features, seed)
    is_new = not is_complete(folder)
    if is_new:
        launcher.launch(folder)
    work = Work(asked=int(is_new), reused=int(not is_new))
    return TrainedRun(read_result(folder, data_root.path), prepared.run_id, work)
