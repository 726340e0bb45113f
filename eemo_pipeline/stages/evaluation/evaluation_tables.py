"""The tables of the stage and the page of each benchmark, after asking the models chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import polars as pl

from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.stages.evaluation import comparisons, predictions
from eemo_pipeline.stages.evaluation.examinee import Examinees
from eemo_pipeline.stages.evaluation.model_runs import run_models
from eemo_pipeline.stages.evaluation.own_items import list_answers
from eemo_pipeline.stages.evaluation.pages import write_pages
from eemo_pipeline.stages.evaluation.replay import list_benchmarks
from eemo_pipeline.stages.evaluation.score_table import SCHEMA, tabulate_scores
from eemo_pipeline.stages.evaluation.text_measures import with_bertscore

# The tables that items and answers are taken from.
SOURCES = (
    *("assess__items", "qa__items", "dedup__clusters", "dedup__images"),
    *("ingest__annotations", "ingest__records", "ingest__images"),
    *("labels__emotions", "labels__reviews", "training__embeddings"),
    *("review__inspection_draws", "review__votes", "review__queue"),
    *("annotation__replies", "verification__replies", "_verification__features", "training__runs"),
)


@dataclass(frozen=True)
class Choice:
    """What a person wants to be asked.

    Attributes:
        models: local, or PROVIDER:MODEL.
        benchmarks: names of those whose items they are asked.
        limit: the most items of a benchmark; None for all.
    """

    models: Sequence[str] = ()
    benchmarks: Sequence[str] = ()
    limit: int | None = None


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation made.

    Attributes:
        predictions: rows of `evaluation__predictions`.
        scores: rows of `evaluation__scores`.
        comparisons: rows of `evaluation__comparisons`.
        work: calls and cost of the models that were asked.
        agreements: model and benchmark -> the share of texts whose rounds all gave the same vote.
        pages: the files written.
    """

    predictions: pl.DataFrame
    scores: pl.DataFrame
    comparisons: pl.DataFrame
    work: Work
    agreements: Mapping[str, float] = field(default_factory=dict)
    pages: Sequence[Path] = ()


def evaluate(
    tables: Mapping[str, pl.LazyFrame], root: Path, examinees: Examinees, choice: Choice
) -> Evaluated:
    """Ask the chosen models, and score every model that has answered items of a benchmark.

    Args:
        tables: those of `SOURCES`, by name.
        root: the data root: answers that were kept, artefacts of trained models, and the pages.
        examinees: builds the models to ask, the judge, and the model of BERTScore.
        choice: what to ask.
    """

    @cache
    def table(name: str) -> pl.DataFrame:
        return tables[name].collect()

    built = [examinees.build(text) for text in choice.models]
    judge = examinees.build_judge() if built else None
    asked = run_models(built, choice.benchmarks, table, root, choice.limit, judge)
    known = list_benchmarks()
    frames = [predictions.tabulate(*one) for one in list_answers(table, root) if one[2]]
    rows = pl.concat([pl.DataFrame(schema=predictions.SCHEMA), *frames])
    scored, compared = [pl.DataFrame(schema=SCHEMA)], [pl.DataFrame(schema=comparisons.SCHEMA)]
    with examinees.open_bertscore() as similarity:
        measures = with_bertscore(similarity)
        for benchmark in known.values():
            of_benchmark = rows.filter(pl.col("benchmark") == benchmark.name)
            scored.append(tabulate_scores(benchmark, of_benchmark, measures))
            compared.append(comparisons.compare(benchmark, of_benchmark))
    keys = "benchmark", "evaluated_model", "section", "number", "item_group", "item_set", "marking"
    scores = pl.concat(scored).sort(*keys)
    pairs = pl.concat(compared).sort("benchmark", "section", "first_model", "second_model")
    return Evaluated(
        rows.sort("benchmark", "evaluated_model", "benchmark_item"),
        scores,
        pairs,
        asked.work,
        asked.agreements,
        write_pages(root, known, scores, pairs),
    )
