"""Stage evaluation: what models answer to held-out items, scored by the published protocols."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from assets._results import count_work
from assets._tables import outs
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.rendering.score_plot import draw_scores, draw_study
from eemo_pipeline.stages.evaluation.examinee import Examinees
from eemo_pipeline.stages.evaluation.model_runs import run_models
from eemo_pipeline.stages.evaluation.own_items import evaluate
from eemo_pipeline.stages.evaluation.pages import write_pages
from eemo_pipeline.stages.evaluation.replay import list_benchmarks
from eemo_pipeline.stages.evaluation.studies.run import run_studies

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
    outs=outs("evaluation__predictions", "evaluation__scores", "evaluation__comparisons")
)
def evaluation(
    config: EvaluationConfig,
    assess__items: pl.DataFrame,
    qa__items: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__reviews: pl.DataFrame,
    ingest__annotations: pl.LazyFrame,
    ingest__records: pl.LazyFrame,
    ingest__images: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    _verification__features: pl.DataFrame,
    training__runs: pl.DataFrame,
    training__embeddings: pl.DataFrame,
    review__inspection_draws: pl.DataFrame,
    review__votes: pl.DataFrame,
    review__queue: pl.DataFrame,
    examinees: dg.ResourceParam[Examinees],
    data_root: dg.ResourceParam[DataRoot],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Score annotators, verifiers, trained classifiers, models that were asked, and baselines."""
    tables: dict[str, pl.DataFrame | pl.LazyFrame] = {
        "assess__items": assess__items,
        "qa__items": qa__items,
        "dedup__clusters": dedup__clusters,
        "dedup__images": dedup__images,
        "labels__emotions": labels__emotions,
        "labels__reviews": labels__reviews,
        "ingest__annotations": ingest__annotations,
        "ingest__records": ingest__records,
        "ingest__images": ingest__images,
        "annotation__replies": annotation__replies,
        "verification__replies": verification__replies,
        "_verification__features": _verification__features,
        "training__runs": training__runs,
        "training__embeddings": training__embeddings,
        "review__inspection_draws": review__inspection_draws,
        "review__votes": review__votes,
        "review__queue": review__queue,
    }

    def table(name: str) -> pl.DataFrame:
        found = tables[name]
        return found.collect() if isinstance(found, pl.LazyFrame) else found

    built = [examinees.build(text) for text in config.models]
    judge = examinees.build_judge() if built else None
    asked = run_models(built, config.benchmarks, table, data_root.path, config.limit, judge)
    done = evaluate(table, data_root.path)
    pages = write_pages(data_root.path, list_benchmarks(), done.scores, done.comparisons)
    plots: dict[str, dg.MetadataValue] = {
        f"plot of {benchmark}": dg.MetadataValue.md(draw_scores(done.scores, benchmark, number))
        for benchmark, number in _PLOTTED.items()
    }
    plots |= {f"page of {page.stem}": dg.MetadataValue.path(str(page)) for page in pages}
    read = int((done.predictions["status"] == "ok").sum())
    counts = {
        "rows_out": read,
        "rows_refused": done.predictions.height - read,
        **count_work(asked.work),
        **{f"agreement of rounds: {name}": share for name, share in asked.agreements.items()},
    }
    yield dg.Output(done.predictions, "evaluation__predictions", metadata=counts)
    yield dg.Output(done.scores, "evaluation__scores", metadata=plots)
    yield dg.Output(done.comparisons, "evaluation__comparisons")


@dg.multi_asset(
    outs=outs(
        "_evaluation__attribute_ablations",
        "_evaluation__data_mixings",
        "_evaluation__source_transfers",
        "_evaluation__visual_baselines",
        "evaluation__studies",
    )
)
def studies(
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__reviews: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    _verification__features: pl.DataFrame,
    training__runs: pl.DataFrame,
    training__embeddings: pl.DataFrame,
    review__inspection_draws: pl.DataFrame,
    review__votes: pl.DataFrame,
    review__queue: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Fit a small classifier with other attributes, data and features, and count people's votes."""
    tables = {
        "dedup__images": dedup__images,
        "labels__emotions": labels__emotions,
        "labels__reviews": labels__reviews,
        "annotation__replies": annotation__replies,
        "_verification__features": _verification__features,
        "training__runs": training__runs,
        "training__embeddings": training__embeddings,
        "review__inspection_draws": review__inspection_draws,
        "review__votes": review__votes,
        "review__queue": review__queue,
    }
    for name, rows in run_studies(tables.__getitem__, {}, ()).items():
        plots = {
            f"plot of {study}": dg.MetadataValue.md(draw_study(rows, study))
            for study in rows["study"].unique().sort()
        }
        missing = int((rows["status"] == "missing").sum())
        counts = {"rows_out": rows.height - missing, "rows_refused": missing}
        yield dg.Output(rows, name, metadata={**counts, **plots})
