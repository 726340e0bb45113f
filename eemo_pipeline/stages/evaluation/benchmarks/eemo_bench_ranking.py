"""EEmo-Bench's ranking of the three strongest emotions (Eq. 9 of arXiv 2602.01173)."""

from eemo_pipeline.stages.evaluation.assess_answers import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Number
from eemo_pipeline.stages.evaluation.eemo_bench_items import ranking_items

BENCHMARK = Benchmark(
    name="eemo_bench_ranking",
    title="EEmo-Bench, ranking of emotions",
    citation="arXiv 2504.16405",
    numbers=(Number("ranking", "Ranking"),),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=ranking_items,
    notes=(
        "Order counts by Kendall's tau of positions; the released code correlates the names, which "
        "differs in 280 of 1,260 cases."
    ),
)
