"""AIGIEmo: the emotion of generated images, and their valence and arousal.

F1 is the macro average. Ratings of -4 to 4 are compared on 0-1, as (x + 4) / 8; the authors'
scale is not published.
"""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.evaluation.assess_answers import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.source_annotations import (
    annotations_of,
    label_items,
    unit_function,
)

_DIMENSIONS = ("valence", "arousal")


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return an item per image for its emotion, and one for each rated dimension."""
    labels = {label: label for label in MIKELS_8}
    return [*label_items(table, "aigiemo", labels, votes=True), *_ratings(table)]


def _ratings(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    values: dict[tuple[str, str], list[float]] = {}
    for row, _ in annotations_of(table, "aigiemo"):
        for name in _DIMENSIONS:
            rating, low, high = row[f"native_{name}"], row["scale_min"], row["scale_max"]
            if rating is not None and low is not None and high is not None and high > low:
                rated = (rating - low) / (high - low)
                values.setdefault((row["image_id"], name), []).append(rated)
    unit = unit_function(table)
    return [
        Item(
            item_id=f"{image_id} {name}",
            section=name,
            subset=name,
            question=f"How high is the {name} that this image evokes, on a scale from 0 to 1?",
            gold=f"{sum(rated) / len(rated):.6g}",
            images=(image_id,),
            unit=unit(image_id),
        )
        for (image_id, name), rated in sorted(values.items())
    ]


BENCHMARK = Benchmark(
    name="aigiemo",
    title="AIGIEmo: emotion, valence and arousal of generated images",
    citation="She et al., AIGIEmo",
    numbers=(
        Number("dominant_emotion", "Accuracy"),
        Number("dominant_emotion", "Macro F1", "macro_f1"),
        *(
            Number(dimension, name, measure, digits=3)
            for dimension in _DIMENSIONS
            for name, measure in (
                ("MAE", "mean_absolute_error"),
                ("PLCC", "pearson"),
                ("CCC", "concordance"),
            )
        ),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
    notes="The published models were trained on AIGIEmo; its split and scale are not published.",
)
