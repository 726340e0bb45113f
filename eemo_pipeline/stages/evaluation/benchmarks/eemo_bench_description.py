"""EEmo-Bench's descriptions, judged by five votes of 0 to 2; a description has their tenth.

Overall is the mean of the single images' and the pairs' number, weighted by their 501 and 300
questions.
"""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.choices import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.eemo_bench_items import description_items

_SINGLE = (
    *("Detailed description", "Reasoning description", "Direct-Indirect"),
    "Conflicts description",
)
_PAIR = (
    *("Detailed comparison", "Valence comparison", "Arousal comparison", "Dominance comparison"),
    "other",
)


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return the open questions on single images, then those on pairs."""
    return [*description_items(table, pairs=False), *description_items(table, pairs=True)]


BENCHMARK = Benchmark(
    name="eemo_bench_description",
    title="EEmo-Bench, descriptions of single images and pairs",
    citation="arXiv 2504.16405",
    numbers=(
        *(Number("description", name, subsets=(name,)) for name in (*_SINGLE, *_PAIR[:-1])),
        Number("description", "Single", subsets=_SINGLE),
        Number("description", "Pair", subsets=_PAIR),
        Number(
            "description",
            "Overall",
            of=(("description", "Single"), ("description", "Pair")),
            weights=(501, 300),
        ),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
    notes="The owners' judge is a language model that changes; ours may vote otherwise.",
)
