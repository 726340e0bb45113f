"""Speed of an evaluation: items prepared from EEmo-Bench's files, replies scored with intervals.

    python -m benchmarks.evaluation

A hundred thousand replies are read, marked and scored with 1,000 resamples of clusters; beside
them, in the same run, the same numbers by numpy's own draws of single items, on a hundredth of the
resamples.
"""

import time

import numpy as np

from eemo_pipeline.stages.evaluation.baselines import answer_by_chance
from eemo_pipeline.stages.evaluation.benchmarks import Item
from eemo_pipeline.stages.evaluation.predictions import tabulate
from eemo_pipeline.stages.evaluation.replay import list_benchmarks
from eemo_pipeline.stages.evaluation.scores import RESAMPLES, score
from tests.support.published_sets import eemo_bench_files, tables_of

_IMAGES, _PAIRS, _DESCRIBED = 1960, 1006, 300
_REPLIES = 100_000
_SHARE = 100  # of the resamples that the comparison makes


def main() -> None:
    """Print the times."""
    _prepare()
    _score()


def _prepare() -> None:
    table = tables_of("eemo_bench", eemo_bench_files(_IMAGES, _PAIRS, _DESCRIBED))
    known = list_benchmarks()
    began = time.perf_counter()
    items: list[Item] = []
    for name in ("eemo_bench_single", "eemo_bench_pair", "eemo_bench_description"):
        if prepare := known[name].prepare:
            items += prepare(table)
    print(f"{len(items):,} items prepared in {time.perf_counter() - began:.2f} s")


def _score() -> None:
    benchmark = list_benchmarks()["eemo_bench_single"]
    items = [
        Item(
            f"{place:06d}",
            "perception",
            ("Yes-or-No", "What/How")[place % 2],
            "?",
            "AB"[place % 3 % 2],
            options={"A": "Yes", "B": "No"},
            unit=str(place // 2),
        )
        for place in range(_REPLIES)
    ]
    responses = list(answer_by_chance(benchmark, items))
    began = time.perf_counter()
    predictions = tabulate(benchmark, "chance", responses)
    read = time.perf_counter()
    scores = score(benchmark, predictions)
    ended = time.perf_counter()
    print(
        f"{_REPLIES:,} replies read in {read - began:.2f} s, {len(scores)} numbers with "
        f"{RESAMPLES:,} resamples in {ended - read:.2f} s; together {ended - began:.2f} s"
    )
    marks = predictions["tolerant_mark"].to_numpy()
    drawn = np.random.default_rng(1)
    began = time.perf_counter()
    for _ in range(RESAMPLES // _SHARE):
        marks[drawn.integers(0, len(marks), len(marks))].mean()
    spent = (time.perf_counter() - began) * _SHARE
    print(f"item by item, one number would take {spent:.1f} s, and {len(scores) * spent:.1f} s all")


if __name__ == "__main__":
    main()
