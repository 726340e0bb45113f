"""Table scores as rows: every number of every model, with what was published of it."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.published_numbers import published
from eemo_pipeline.stages.evaluation.scores import Score, score

SCHEMA: dict[str, Any] = {
    "benchmark": pl.String,
    "evaluated_model": pl.String,
    "section": pl.String,
    "number": pl.String,
    "item_group": pl.String,
    "marking": pl.String,
    "protocol": pl.String,
    "score_unit": pl.String,
    "score_value": pl.Float64,
    "score_lower": pl.Float64,
    "score_upper": pl.Float64,
    "printed_value": pl.Float64,
    "counted_items": pl.Int64,
    "covered_share": pl.Float64,
    "published_value": pl.Float64,
    "published_difference": pl.Float64,
    "score_note": pl.String,
}


def tabulate_scores(benchmark: Benchmark, predictions: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the scores of each model, one frame per model; an empty one where there is none.

    Args:
        benchmark: whose items these are.
        predictions: rows of any number of models.
    """
    frames = [pl.DataFrame(schema=SCHEMA)]
    for (model,), part in predictions.group_by("evaluated_model", maintain_order=True):
        rows = list(_rows(benchmark, str(model), score(benchmark, part)))
        frames.append(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    return frames


def _rows(benchmark: Benchmark, model: str, scores: list[Score]) -> Iterator[tuple[Any, ...]]:
    for one in scores:
        printed = None if one.printed is None else float(one.printed)
        known = None if one.aspect else published(benchmark.name, one.section, one.name, model)
        yield (
            benchmark.name,
            model,
            one.section,
            one.name,
            one.aspect or "all",
            one.marking,
            one.protocol,
            one.unit,
            _rounded(one.value),
            _rounded(one.lower),
            _rounded(one.upper),
            printed,
            one.counted,
            _rounded(one.covered),
            known,
            None if printed is None or known is None else round(printed - known, 6),
            benchmark.notes if known is not None else None,
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6) + 0.0  # never -0.0
