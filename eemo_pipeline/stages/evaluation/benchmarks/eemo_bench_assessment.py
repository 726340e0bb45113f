"""EEmo-Bench's assessment of valence, arousal and dominance, by score or by probability.

A reply is a number from 0 to 1, or the logits of the three level words of the dimension
(`stages/evaluation/level_probabilities.py`). The number in a table is the correlation with the mean
rating; Overall is the mean of the three dimensions.
"""

from eemo_pipeline.stages.evaluation.answer_parsing import Parsed
from eemo_pipeline.stages.evaluation.assess_answers import SCORES, ask, guess, mark
from eemo_pipeline.stages.evaluation.assess_answers import read as read_value
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.eemo_bench_items import score_items
from eemo_pipeline.stages.evaluation.level_probabilities import expected_level, read_logits

_MEASURES = (("SRCC", "spearman"), ("PLCC", "pearson"))


def read(item: Item, reply: str) -> Parsed:
    """Return the value of a reply: from logits where it has those of all three words."""
    logits = read_logits(item.section, reply[:1000])
    if logits is None:
        return read_value(item, reply)
    value = f"{expected_level(logits):.6g}"
    return Parsed(value, value)


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
    notes="The published models were read by probability, not by the number that they wrote.",
)
