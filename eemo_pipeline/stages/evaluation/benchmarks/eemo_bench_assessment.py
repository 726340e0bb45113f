"""EEmo-Bench's assessment of valence, arousal and dominance, by score or by probability.

A model whose next-token probabilities can be read is asked for those of the three level words of
the dimension (`stages/evaluation/level_probabilities.py`), every other one for a number from 0 to
1. The number in a table is the correlation with the mean
rating; Overall is the mean of the three dimensions.
"""

from eemo_pipeline.stages.evaluation.assess_answers import SCORES, ask, guess, mark, read
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Number
from eemo_pipeline.stages.evaluation.eemo_bench_items import score_items
from eemo_pipeline.stages.evaluation.level_probabilities import weigh

_MEASURES = (("SRCC", "spearman"), ("PLCC", "pearson"))


BENCHMARK = Benchmark(
    name="eemo_bench_assessment",
    title="EEmo-Bench, assessment of valence, arousal and dominance",
    citation="arXiv 2504.16405",
    numbers=(
        *(Number(dimension, name, measure) for dimension in SCORES for name, measure in _MEASURES),
        *(
            Number("overall", name, measure, of=tuple((one, name) for one in SCORES))
            for name, measure in _MEASURES
        ),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=score_items,
    notes="The published models were read by probability; `protocol` says how ours were.",
    weigh=weigh,
)
