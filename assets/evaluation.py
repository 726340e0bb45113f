"""Stage evaluation: what models answer to held-out items, scored by the published protocols."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from assets._results import count_work
from assets._tables import outs
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.rendering.score_plot import draw_scores, draw_study
from eemo_pipeline.stages.evaluation.evaluation_tables import (
    SOURCES,
    Choice,
    Evaluated,
    evaluate,
)
from eemo_pipeline.stages.evaluation.examinee import Examinees
from eemo_pipeline.stages.evaluation.studies.backbones import Backbones
from eemo_pipeline.stages.evaluation.studies.run import STUDIED, run_studies
from resources.roles.visual_baselines import Baselines

_PLOTTED = {"held_out_assess": "Accuracy", "held_out_qa": "Overall"}


class EvaluationConfig(dg.Config):
    """Settings of the stage."""

    models: list[str] = Field(
        default_factory=list,
        description="Models to ask: local, or PROVIDER:MODEL; none by default.",
    )
    benchmarks: list[str] = Field(
        default_factory=list, description="Benchmarks whose items they are asked, by name."
    )
    limit: int | None = Field(default=None, ge=1, description="The most items of a benchmark.")


@dg.multi_asset(
    outs=outs("evaluation__predictions", "evaluation__scores", "evaluation__comparisons"),
    ins={name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in SOURCES},
)
def evaluation(
    config: EvaluationConfig,
    examinees: dg.ResourceParam[Examinees],
    data_root: dg.ResourceParam[DataRoot],
    **tables: pl.LazyFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Score annotators, verifiers, trained classifiers, models that were asked, and baselines."""
    choice = Choice(config.models, config.benchmarks, config.limit)
    done = evaluate(tables, data_root.path, examinees, choice)
    yield dg.Output(done.predictions, "evaluation__predictions", metadata=_counts(done))
    yield dg.Output(done.scores, "evaluation__scores", metadata=_plots(done))
    yield dg.Output(done.comparisons, "evaluation__comparisons")


def _counts(done: Evaluated) -> dict[str, int | float]:
    read = int((done.predictions["status"] == "ok").sum())
    counts = {"rows_out": read, "rows_refused": done.predictions.height - read}
    rounds = {f"agreement of rounds: {name}": share for name, share in done.agreements.items()}
    return counts | count_work(done.work) | rounds


def _plots(done: Evaluated) -> dict[str, dg.MetadataValue]:
    plots: dict[str, dg.MetadataValue] = {
        f"plot of {benchmark}": dg.MetadataValue.md(draw_scores(done.scores, benchmark, number))
        for benchmark, number in _PLOTTED.items()
    }
    return plots | {f"page of {page.stem}": dg.MetadataValue.path(str(page)) for page in done.pages}


@dg.multi_asset(
    outs=outs(
        "_evaluation__attribute_ablations",
        "_evaluation__data_mixings",
        "_evaluation__source_transfers",
        "_evaluation__visual_baselines",
        "evaluation__studies",
    ),
    ins={name: dg.AssetIn(dagster_type=pl.DataFrame) for name in STUDIED},
)
def studies(
    visual_baselines: dg.ResourceParam[Baselines],
    ledger: dg.ResourceParam[Ledger],
    data_root: dg.ResourceParam[DataRoot],
    **tables: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Fit a small classifier with other attributes, data and features, and count people's votes."""
    backbones = Backbones(
        visual_baselines.embedders, visual_baselines.missing, data_root.sources, ledger
    )
    studied = run_studies(tables, backbones)
    for name, rows in studied.tables.items():
        plots = {
            f"plot of {study}": dg.MetadataValue.md(draw_study(rows, study))
            for study in rows["study"].unique().sort()
        }
        missing = int((rows["status"] == "missing").sum())
        counts = {"rows_out": rows.height - missing, "rows_refused": missing}
        if name == "_evaluation__visual_baselines":
            counts |= count_work(studied.work)
        yield dg.Output(rows, name, metadata={**counts, **plots})
