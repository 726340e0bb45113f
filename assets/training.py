"""Stage training: models are fitted on published items, in processes of their own."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from assets._results import count_work
from assets._tables import outs
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.rendering.plots import draw_curve, draw_map, preview_rows
from eemo_pipeline.stages.training.job_folder import Launcher
from eemo_pipeline.stages.training.recipe_runs import Trainer, TrainingTables, train_recipes
from eemo_pipeline.stages.training.runs import RunTables, read_tables, train_classifier


class TrainingConfig(dg.Config):
    """Settings of the stage."""

    seed: int = Field(default=7, ge=0, description="Seed of the embedded classifier.")
    recipes: list[str] = Field(
        default_factory=list,
        description="Recipes to train, by name or path of a .yaml file; none by default.",
    )
    tiny: bool = Field(
        default=False,
        description="Try them and what follows on a processor, with tiny random models.",
    )
    usd_per_gpu_hour: float | None = Field(
        default=None, gt=0, description="Price of a GPU, for the column usd."
    )


_MADE_FROM = (
    *("assess__items", "_verification__features", "qa__items", "records__emoverse"),
    *("dedup__images", "labels__emotions", "ingest__words"),
)


@dg.multi_asset(
    name="training__runs",
    outs=outs("training__runs", "training__refusals", "training__embeddings"),
    ins={name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in _MADE_FROM},
    deps=["exports__files"],  # other trainers read the exports
    pool="training",
)
def training(
    config: TrainingConfig,
    launcher: dg.ResourceParam[Launcher],
    text_similarity: dg.ResourceParam[TextSimilarity],
    ledger: dg.ResourceParam[Ledger],
    data_root: dg.ResourceParam[DataRoot],
    **lazy: pl.LazyFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Fit the embedded classifier and the recipes of the run; list every finished run."""
    tables = TrainingTables(lambda name: lazy[name].collect())
    items, features = tables.read("assess__items"), tables.read("_verification__features")
    run = train_classifier(items, features, data_root, config.seed, launcher)
    trainer = Trainer(tables, data_root, launcher, text_similarity, ledger, config.tiny)
    work = run.work + train_recipes(config.recipes, trainer)
    made = read_tables(data_root, config.usd_per_gpu_hour)
    counts = {"run_id": run.run_id, **count_work(work), **_draw(made)}
    yield dg.Output(made.runs, "training__runs", metadata=counts)
    yield dg.Output(made.refusals, "training__refusals")
    yield dg.Output(made.embeddings, "training__embeddings")


def _draw(made: RunTables) -> dict[str, dg.MetadataValue]:
    """Return the curves, maps and answers of the runs, for the pages."""
    plots: dict[str, dg.MetadataValue] = {
        f"curve of {name}": dg.MetadataValue.md(draw_curve(values, name))
        for name, values in made.curves.items()
    }
    plots |= {
        f"map of {name}": dg.MetadataValue.md(draw_map(points, name))
        for name, points in made.maps.items()
    }
    plots |= {
        f"completions of {name}": dg.MetadataValue.md(
            preview_rows(rows.drop("sample_id"), 12, 8, 160)
        )
        for name, rows in made.completions.items()
    }
    return plots
