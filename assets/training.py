"""Stage training: models are fitted on what was published, in processes of their own."""

import dagster as dg
import polars as pl

from resources.launchers.subprocess_launcher import TrainingLauncher


@dg.asset(pool="training")
def training__runs(
    context: dg.AssetExecutionContext,
    assess__items: pl.DataFrame,
    _verification__features: pl.DataFrame,
    launcher: TrainingLauncher,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per training run: what was fitted, on how much, and how well it does."""
    return launcher.train_classifier(context, assess__items, _verification__features)
