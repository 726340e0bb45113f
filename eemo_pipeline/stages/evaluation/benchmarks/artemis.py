"""ArtEmis as a cross-domain set: the emotion that most people felt at a painting (EEmo-Logic).

A painting has an item where one of Mikels' eight emotions was felt most often, alone; "something
else" is none of them. The authors' list has 240 paintings of each emotion, and their way of drawing
them is not published: ours are the first 240 of each emotion by the hash of their image.
"""

from collections import defaultdict
from collections.abc import Callable

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.evaluation.assess_answers import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.source_annotations import label_items
from eemo_pipeline.stats.hash_draws import unit_interval

_PER_EMOTION = 240  # of 1,920 paintings and eight emotions


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return one item per painting, in their order."""
    items = label_items(table, "artemis", {label: label for label in MIKELS_8}, votes=True)
    drawn: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda item: unit_interval("artemis", item.item_id)):
        if len(drawn[item.gold]) < _PER_EMOTION:
            drawn[item.gold].append(item)
    return sorted((item for same in drawn.values() for item in same), key=lambda one: one.item_id)


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
    notes="240 paintings of each emotion, as in the authors' list; which ones they drew is not "
    "published with the data set, so that ours are others.",
)
