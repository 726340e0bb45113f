"""Table comparisons: two models on the items that both answered, with a paired test.

Marks of 0 and 1 are compared by McNemar's test, others by the paired bootstrap over clusters;
p-values are adjusted by Holm's step-down over all comparisons of a benchmark.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.scores import GIVEN, READINGS, TOLERANT
from eemo_pipeline.stats.cluster_bootstrap import bounds_95, draw_clusters, two_sided_p
from eemo_pipeline.stats.intervals import holm, mcnemar

SCHEMA: dict[str, Any] = {
    "benchmark": pl.String,
    "section": pl.String,
    "marking": pl.String,
    "first_model": pl.String,
    "second_model": pl.String,
    "shared_items": pl.Int64,
    "first_mark": pl.Float64,
    "second_mark": pl.Float64,
    "mark_difference": pl.Float64,
    "mark_difference_lower": pl.Float64,
    "mark_difference_upper": pl.Float64,
    "gained_count": pl.Int64,
    "lost_count": pl.Int64,
    "test_p_value": pl.Float64,
    "test_p_adjusted": pl.Float64,
}
_RESAMPLES = 1000
_DIGITS = 6


def compare(benchmark: Benchmark, predictions: pl.DataFrame) -> pl.DataFrame:
    """Return one row per section and pair of models with shared items.

    Args:
        benchmark: whose items these are.
        predictions: rows of all models.
    """
    rows = list(_rows(benchmark, predictions))
    if not rows:
        return pl.DataFrame(schema=SCHEMA)
    adjusted = holm([row["test_p_value"] for row in rows])
    complete = [row | {"test_p_adjusted": p} for row, p in zip(rows, adjusted, strict=True)]
    table = pl.DataFrame(complete, schema=SCHEMA)
    # The last bits of a sum depend on the processor.
    return table.with_columns(
        pl.col("^.*_mark$", "^mark_difference.*$").round(_DIGITS) + 0.0,  # never -0.0
        pl.col("^test_p_.*$").round_sig_figs(_DIGITS),
    )


def _rows(benchmark: Benchmark, predictions: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for section in dict.fromkeys(number.section for number in benchmark.numbers):
        of_section = predictions.filter((pl.col("section") == section) & pl.col("is_scored"))
        marking = GIVEN if of_section["tolerant_mark"].null_count() else TOLERANT
        mark = READINGS[marking][0]
        marks = {
            str(model): part.select("benchmark_item", "resampling_unit", pl.col(mark).alias("mark"))
            for (model,), part in of_section.drop_nulls(mark).group_by(
                "evaluated_model", maintain_order=True
            )
        }
        for first, second in combinations(sorted(marks), 2):
            shared = marks[first].join(marks[second], on="benchmark_item", suffix="_second")
            if shared.height:
                found = _pair(f"{benchmark.name} {section}", shared.sort("benchmark_item"))
                yield {
                    "benchmark": benchmark.name,
                    "section": section,
                    "marking": marking,
                    "first_model": first,
                    "second_model": second,
                    **found,
                }


def _pair(seed: str, shared: pl.DataFrame) -> dict[str, Any]:
    first, second = shared["mark"].to_numpy(), shared["mark_second"].to_numpy()
    units, codes = np.unique(shared["resampling_unit"], return_inverse=True)
    sums = np.stack(
        [np.bincount(codes, second - first, len(units)), np.bincount(codes, minlength=len(units))],
        axis=1,
    )
    drawn = [weights @ sums for weights in draw_clusters(len(units), seed, _RESAMPLES)]
    totals = np.concatenate(drawn)
    differences = (totals[:, 0] / totals[:, 1]).round(12)  # equal marks differ by exactly 0
    lower, upper = bounds_95(differences)
    is_binary = bool(np.isin(np.concatenate([first, second]), (0.0, 1.0)).all())
    p = mcnemar(second > 0.5, first > 0.5) if is_binary else two_sided_p(differences, len(units))
    return {
        "shared_items": shared.height,
        "first_mark": float(first.mean()),
        "second_mark": float(second.mean()),
        "mark_difference": float((second - first).mean()),
        "mark_difference_lower": lower,
        "mark_difference_upper": upper,
        "gained_count": int((second > first).sum()),
        "lost_count": int((second < first).sum()),
        "test_p_value": p,
    }
