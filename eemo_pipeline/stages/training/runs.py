"""The tables of the stage: what every finished job folder holds, and the embedded classifier's run.

Other runs are trained by `recipe_runs.py`. A run stays in the tables until its recipe is run on
other data, so that no run is lost to the next `eemo run`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.training.classifier_inputs import JOB, prepare_classifier
from eemo_pipeline.stages.training.job_folder import (
    METRICS_FILE,
    Launcher,
    is_complete,
    read_job,
    read_result,
)
from eemo_pipeline.stages.training.lineage import hash_code, hash_tables

_TABLES = ("assess__items", "_verification__features")
_EMBEDDINGS, _MAP = "embeddings.parquet", "map.parquet"
_COMPLETIONS = "completions.parquet"
_SHOWN = ("reward", "loss", "train_loss", "accuracy")  # what a run's curve shows, best first


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


@dataclass(frozen=True)
class RunTables:
    """The tables of the stage, and the progress of each run.

    Attributes:
        runs: rows of `training__runs`.
        refusals: rows of `training__refusals`.
        embeddings: rows of `training__embeddings`.
        curves: recipe -> the reported values of its loss, reward or accuracy.
        maps: recipe -> the map of a probe: x, y and group.
        completions: recipe -> answers of a trained policy to validation samples, with rewards.
    """

    runs: pl.DataFrame
    refusals: pl.DataFrame
    embeddings: pl.DataFrame
    curves: dict[str, list[float]]
    maps: dict[str, pl.DataFrame]
    completions: dict[str, pl.DataFrame]


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
    about = {
        "recipe": JOB,
        "code_version": hash_code(JOB),
        "data_versions": json.dumps(hash_tables(data_root.tables, _TABLES), sort_keys=True),
    }
    prepared = prepare_classifier(folder, items, features, seed, about)
    is_new = not is_complete(folder)
    if is_new:
        launcher.launch(folder)
    work = Work(asked=int(is_new), reused=int(not is_new))
    return TrainedRun(read_result(folder, data_root.path), prepared.run_id, work)


def read_tables(data_root: DataRoot, usd_per_gpu_hour: float | None = None) -> RunTables:
    """Return what the finished job folders of the data root hold.

    Args:
        data_root: its folder `training` has one folder per recipe.
        usd_per_gpu_hour: the price of a GPU, for the column usd.
    """
    runs, refusals, embeddings, curves, maps, completions = [], [], [], {}, {}, {}
    for folder in _finished(data_root.training):
        run = read_result(folder, data_root.path, usd_per_gpu_hour)
        runs.append(run)
        run_id = run["run_id"].item()
        if (folder / "refused.parquet").is_file():
            refused = pl.read_parquet(folder / "refused.parquet", glob=False)
            refusals.append(refused.select(pl.lit(folder.name).alias("recipe"), pl.all()))
        if (folder / _EMBEDDINGS).is_file():
            embeddings.append(_read_embeddings(folder / _EMBEDDINGS, run_id))
        if (folder / _MAP).is_file():
            points = pl.read_parquet(folder / _MAP, glob=False)
            maps[folder.name] = points.select("x", "y", pl.col("emotion").alias("group"))
        if (folder / _COMPLETIONS).is_file():
            completions[folder.name] = pl.read_parquet(folder / _COMPLETIONS, glob=False)
        if values := _read_curve(folder / METRICS_FILE):
            curves[folder.name] = values
    return RunTables(
        _stack("training__runs", runs),
        _stack("training__refusals", refusals),
        _stack("training__embeddings", embeddings),
        curves,
        maps,
        completions,
    )


def _finished(training: Path) -> Iterator[Path]:
    """Yield the folders of finished runs by name; cached hidden states are not a run."""
    for folder in sorted(training.glob("*")):
        if is_complete(folder) and read_job(folder)["job"] != "hidden_states":
            yield folder


def _read_embeddings(path: Path, run_id: str) -> pl.DataFrame:
    """Return the embeddings with copies of length 1; one of length 0 stays 0."""
    frame = pl.read_parquet(path, glob=False)
    squared = pl.col("embedding").list.eval(pl.element().cast(pl.Float64).pow(2)).list.sum()
    length = squared.sqrt()
    unit = pl.when(length > 0).then(pl.col("embedding") / length).otherwise("embedding")
    return frame.select(
        pl.lit(run_id).alias("run_id"),
        "image_id",
        "split",
        "embedding",
        unit.cast(pl.List(pl.Float32)).alias("unit_embedding"),
    )


def _read_curve(path: Path) -> list[float]:
    """Return the values of the first measure of `_SHOWN` that the progress has."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    steps = [json.loads(line) for line in lines]
    for name in _SHOWN:
        if steps and name in steps[-1]:
            return [step[name] for step in steps if step.get(name) is not None]
    return []


def _stack(name: str, frames: list[pl.DataFrame]) -> pl.DataFrame:
    table = TABLES[name]
    frames = [frame.select(table.columns).cast(table.polars_schema) for frame in frames]
    return pl.concat([table.empty(), *frames]).sort(table.key)
