"""ArtPhoto as a cross-domain set: the artists' intended emotion, one of eight (EEmo-Logic)."""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.evaluation.assess_answers import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.source_annotations import label_items


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return one item per image."""
    return label_items(table, "artphoto", {label: label for label in MIKELS_8})


BENCHMARK = Benchmark(
    name="artphoto",
    title="ArtPhoto: intended emotion of art photographs",
    citation="Machajdik and Hanbury 2010; protocol of arXiv 2602.01173",
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
