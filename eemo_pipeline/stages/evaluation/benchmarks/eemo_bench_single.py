"""EEmo-Bench on single images: perception by choice.

The rules are those of `benchmarks/eemo_bench_pair.py`.
"""

from functools import partial

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Number
from eemo_pipeline.stages.evaluation.choices import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.eemo_bench_items import perception_items

BENCHMARK = Benchmark(
    name="eemo_bench_single",
    title="EEmo-Bench, single images: perception",
    citation="arXiv 2504.16405",
    numbers=(
        Number("perception", "Yes-or-No", subsets=("Yes-or-No",)),
        Number("perception", "What/How", subsets=("What/How",)),
        Number(
            "perception",
            "Overall",
            of=(("perception", "Yes-or-No"), ("perception", "What/How")),
        ),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=partial(perception_items, pairs=False),
    notes=(
        "The owners' marks of replies without a letter came from people and a language model; the "
        "readings here come from rules."
    ),
)
