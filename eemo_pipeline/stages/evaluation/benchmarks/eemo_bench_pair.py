"""EEmo-Bench on image pairs: perception by choice, and descriptions that a judge compares.

The rules reproduce the owners' table to its last digit from their response files. Per question
type, the share that they counted as right among the questions that they did not exclude: one
What/How question is defective. Overall is the mean of the two numbers as printed. A description
has the sum of five votes of 0 to 2, divided by ten; its Overall is the mean of all 300.
"""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.choices import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.eemo_bench_items import description_items, perception_items

_COMPARISONS = (
    *("Detailed comparison", "Valence comparison", "Arousal comparison"),
    "Dominance comparison",
)


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return the questions on pairs, with options and open."""
    return [*perception_items(table, pairs=True), *description_items(table, pairs=True)]


BENCHMARK = Benchmark(
    name="eemo_bench_pair",
    title="EEmo-Bench, image pairs: perception and description",
    citation="arXiv 2504.16405",
    numbers=(
        Number("perception", "Yes-or-No", subsets=("Yes-or-No",)),
        Number("perception", "What/How", subsets=("What/How",)),
        Number(
            "perception",
            "Overall",
            of=(("perception", "Yes-or-No"), ("perception", "What/How")),
        ),
        *(Number("description", name, subsets=(name,)) for name in _COMPARISONS),
        Number("description", "Overall"),
        Number(
            "perception",
            "What/How with excluded questions",
            subsets=("What/How",),
            takes_invalid=True,
        ),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
    notes=(
        "The owners' marks of replies without a letter came from people and a language model; the "
        "readings here come from rules."
    ),
)
