"""Table scores as rows: every number of every model, with what was published of it.

Models are ranked among those that were scored on the same items alone. So that each model stands
beside the baselines, these are scored on the items of every other model too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from eemo_pipeline.stages.evaluation.baselines import CHANCE, MAJORITY
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.published_numbers import published
from eemo_pipeline.stages.evaluation.scores import Score, score
from eemo_pipeline.stages.evaluation.text_measures import TEXT_MEASURES, TextMeasure

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
    "item_set": pl.String,
    "covered_share": pl.Float64,
    "published_value": pl.Float64,
    "published_difference": pl.Float64,
    "score_note": pl.String,
    "score_signature": pl.String,
}
_KEY = ["evaluated_model", "section", "number", "item_group", "item_set", "marking"]


def tabulate_scores(
    benchmark: Benchmark,
    predictions: pl.DataFrame,
    text_measures: Mapping[str, TextMeasure] = TEXT_MEASURES,
) -> pl.DataFrame:
    """Return the scores of each model; a baseline has those on the items of other models too.

    Args:
        benchmark: whose items these are.
        predictions: rows of any number of models.
        text_measures: those of texts by name.
    """
    rows = [
        row
        for model, part in _parts(predictions)
        for row in _rows(benchmark, model, score(benchmark, part, text_measures=text_measures))
    ]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return table.unique(_KEY, keep="first", maintain_order=True)


def _parts(predictions: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each model with its rows, and each baseline with those on the items of others."""
    is_baseline = pl.col("evaluated_model").is_in([MAJORITY, CHANCE])
    answered = predictions.filter(~is_baseline).group_by("evaluated_model", maintain_order=True)
    sets = answered.agg(pl.col("benchmark_item").sort())["benchmark_item"].unique(
        maintain_order=True
    )
    for (model,), part in predictions.group_by("evaluated_model", maintain_order=True):
        yield str(model), part
        if model in (MAJORITY, CHANCE):
            for items in sets:
                shared = part.filter(pl.col("benchmark_item").is_in(items.implode()))
                if 0 < shared.height < part.height:
                    yield str(model), shared


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
            one.item_set,
            _rounded(one.covered),
            known,
            None if printed is None or known is None else round(printed - known, 6),
            benchmark.notes if known is not None else None,
            one.signature,
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6) + 0.0  # never -0.0
