"""Scores a response file: no image and no model is needed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.discovery import discover
from eemo_pipeline.stages.evaluation import benchmarks, response_formats
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.predictions import tabulate
from eemo_pipeline.stages.evaluation.response_formats import ResponseFormat, choose
from eemo_pipeline.stages.evaluation.responses import ResponseFile
from eemo_pipeline.stages.evaluation.scores import Score, score
from eemo_pipeline.stages.evaluation.similar_texts import mark_texts
from eemo_pipeline.stages.evaluation.text_measures import TEXT_MEASURES, TextMeasure


@dataclass(frozen=True)
class Replay:
    """A response file as scored."""

    benchmark: Benchmark
    layout: ResponseFormat
    file: ResponseFile
    predictions: pl.DataFrame
    scores: list[Score]


def list_benchmarks() -> Mapping[str, Benchmark]:
    """Return the benchmarks by name."""
    return discover(benchmarks, "BENCHMARK", Benchmark)


def list_formats() -> Mapping[str, ResponseFormat]:
    """Return the formats of response files by name."""
    return discover(response_formats, "FORMAT", ResponseFormat)


def replay(
    benchmark: Benchmark,
    path: Path,
    model: str | None = None,
    similarity: TextSimilarity | None = None,
    text_measures: Mapping[str, TextMeasure] = TEXT_MEASURES,
) -> Replay:
    """Read a response file and score what it answers.

    Args:
        benchmark: whose items the file answers.
        path: the file.
        model: whose answers count, where the file has several.
        similarity: compares texts, where a benchmark needs that.
        text_measures: those of texts by name.

    Raises:
        BadResponses: the file cannot be read, or none of its rows can be used.
    """
    layout, content = choose(list_formats(), path)
    file = layout.read(content, benchmark, model)
    if similarity:
        marked = mark_texts(benchmark, file.responses, similarity)
        file = replace(file, responses=marked)
    predictions = tabulate(benchmark, file.model, file.responses)
    scores = score(benchmark, predictions, text_measures=text_measures)
    return Replay(benchmark, layout, file, predictions, scores)
