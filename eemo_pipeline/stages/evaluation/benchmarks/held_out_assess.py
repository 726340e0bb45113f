"""The held-out items of EEmoDB-Assess as this pipeline builds them: the split `test`.

Protocols are EEmo-Bench's for rankings and correlations (arXiv 2504.16405); accuracy, macro F1,
mean absolute error and calibration stand beside them.
"""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.emotion.answers import read_label
from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.stages.evaluation.assess_answers import (
    DOMINANT,
    RANKING,
    SCORES,
    ask,
    guess,
    mark,
    read,
)
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.image_units import units_of
from eemo_pipeline.stages.evaluation.level_probabilities import weigh


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return the items, from `assess__items` and `dedup__clusters`."""
    return [item_of(row, unit) for row, unit in held_out(table)]


def held_out(table: Callable[[str], pl.DataFrame]) -> list[tuple[dict[str, object], str]]:
    """Return the rows of the held-out items, each with its near-duplicate cluster."""
    rows = table("assess__items").filter(pl.col("split") == "test").sort("item_id")
    units = units_of(table("dedup__clusters"))
    return [(row, units(row["image_id"])) for row in rows.iter_rows(named=True)]


def item_of(row: dict[str, object], unit: str = "") -> Item:
    """Return the item of one row of `assess__items`."""
    answer, task = str(row["answer"]), str(row["task"])
    if task == "vad":
        section, gold = str(row["dimension"]), f"{row['target']:g}"
    elif task == RANKING:
        section, gold = RANKING, answer.partition(":")[2].strip()
    else:
        section, gold = DOMINANT, read_label(answer)
    candidates = row["candidates"] if isinstance(row["candidates"], list) else []
    return Item(
        item_id=str(row["item_id"]),
        section=section,
        subset=section,
        question=str(row["question"]),
        gold=gold,
        images=(str(row["image_id"]),),
        options={canonical(label): label for label in candidates},
        aspect=str(row["source"]),
        unit=unit,
    )


BENCHMARK = Benchmark(
    name="held_out_assess",
    title="Held-out items of EEmoDB-Assess",
    citation="The test split of this data root",
    numbers=(
        Number(DOMINANT, "Accuracy"),
        Number(DOMINANT, "Macro F1", "macro_f1"),
        Number(DOMINANT, "ECE", "calibration_error"),
        Number(RANKING, "Ranking"),
        *(
            Number(dimension, name, measure)
            for dimension in SCORES
            for name, measure in (
                ("SRCC", "spearman"),
                ("PLCC", "pearson"),
                ("CCC", "concordance"),
                ("MAE", "mean_absolute_error"),
            )
        ),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
    notes="Items of this data root; nobody has published numbers on them.",
    weigh=weigh,
)
