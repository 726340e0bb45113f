"""EmoVerse's Table 6: what a linear layer reads from frozen features of held-out images.

The items are the images of the published split `test` on whose emotion people agree; evaluation
sets are left out. Probes answer them in every run (`probe_answers.py`), and a model can be asked.
The same probes with several seeds are a study (`studies/embedding_probe.py`).
"""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.evaluation.assess_answers import DOMINANT, ask, guess, mark, read
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.studies.labelled_images import label_images

_QUESTION = (
    f"Which one of these emotions does this image evoke most strongly: {', '.join(MIKELS_8)}?"
)


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return one item per held-out image with a label."""
    rows = label_images(
        table("dedup__images"), table("labels__emotions"), table("labels__reviews")
    ).filter((pl.col("split") == "test") & ~pl.col("is_evaluation"))
    return [
        Item(
            item_id=row["image_id"],
            section=DOMINANT,
            subset=DOMINANT,
            question=_QUESTION,
            gold=row["emotion"],
            images=(row["image_id"],),
            options={label: label for label in MIKELS_8},
            aspect=row["source"],
            unit=row["cluster_id"],
        )
        for row in rows.iter_rows(named=True)
    ]


BENCHMARK = Benchmark(
    name="emoverse_probe",
    title="EmoVerse, Table 6: a linear probe of frozen features",
    citation="arXiv 2511.12554",
    numbers=(
        Number(DOMINANT, "Accuracy"),
        Number(DOMINANT, "Macro precision", "macro_precision"),
        Number(DOMINANT, "Macro recall", "macro_recall"),
        Number(DOMINANT, "Macro F1", "macro_f1"),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
    notes="Published of EmoVerse's own test images and a classifier of two layers; here the images "
    "are those of this data root, and the probe is linear.",
)
