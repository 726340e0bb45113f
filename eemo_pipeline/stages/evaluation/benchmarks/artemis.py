"""ArtEmis as a cross-domain set: the emotion that most people felt at a painting (EEmo-Logic).

A painting without a single most frequent emotion has no item.
"""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.emotion.taxonomies import AFFECTION_9
from eemo_pipeline.stages.evaluation.assess_answers import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.source_annotations import label_items


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return one item per painting."""
    return label_items(table, "artemis", {label: label for label in AFFECTION_9}, votes=True)


BENCHMARK = Benchmark(
    name="artemis",
    title="ArtEmis: dominant emotion at paintings",
    citation="Achlioptas et al. 2021; protocol of arXiv 2602.01173",
    numbers=(
        Number("dominant_emotion", "Accuracy"),
        Number("dominant_emotion", "Macro F1", "macro_f1"),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
)
