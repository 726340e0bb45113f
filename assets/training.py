"""Stage training: models are fitted on published items, in processes of their own."""

import dagster as dg
import polars as pl
from pydantic import Field

from assets._results import count_run
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.training.job_folder import Launcher
from eemo_pipeline.stages.training.runs import train_classifier


class TrainingConfig(dg.Config):
    """Settings of the stage."""

    seed: int = Field(default=7, ge=0, description="Seed of every random choice of the job.")


@dg.asset(pool="training")
def training__runs(
    config: TrainingConfig,
    assess__items: pl.DataFrame,
    _verification__features: pl.DataFrame,
    launcher: dg.ResourceParam[Launcher],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per training run: its job, its number of items and its accuracy on held-out items."""
    run = train_classifier(assess__items, _verification__features, data_root, config.seed, launcher)
    return count_run(run)
