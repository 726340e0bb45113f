"""The held-out questions of EEmoDB-QA with options, as this pipeline builds them: the split `test`.

The numbers have the form of EEmo-Bench's perception task (arXiv 2504.16405).
"""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.choices import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.image_units import units_of

_SUBSETS = {"yes_no": "Yes-or-No", "what_how": "What/How"}
_SECTIONS = ("perception", "pair_perception")
_LETTERS = "ABCDEFGH"


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return the items, from `qa__items` and `dedup__clusters`."""
    rows = (
        table("qa__items")
        .filter((pl.col("split") == "test") & pl.col("question_type").is_in(list(_SUBSETS)))
        .sort("item_id")
    )
    unit = units_of(table("dedup__clusters"))
    return [item_of(row, unit(*row["image_ids"])) for row in rows.iter_rows(named=True)]


def item_of(row: dict[str, object], unit: str = "") -> Item:
    """Return the item of one row of `qa__items` with options."""
    options = row["options"] if isinstance(row["options"], list) else []
    images = row["image_ids"] if isinstance(row["image_ids"], list) else []
    return Item(
        item_id=str(row["item_id"]),
        section=str(row["category"]),
        subset=_SUBSETS[str(row["question_type"])],
        question=str(row["question"]),
        gold=str(row["answer_letter"]),
        images=tuple(images),
        options=dict(zip(_LETTERS, options, strict=False)),
        aspect=str(row["template"]),
        unit=unit,
    )


BENCHMARK = Benchmark(
    name="held_out_qa",
    title="Held-out questions of EEmoDB-QA",
    citation="The test split of this data root",
    numbers=(
        *(
            Number(section, subset, subsets=(subset,))
            for section in _SECTIONS
            for subset in _SUBSETS.values()
        ),
        *(
            Number(section, "Overall", of=tuple((section, subset) for subset in _SUBSETS.values()))
            for section in _SECTIONS
        ),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
    notes="Questions of this data root; nobody has published numbers on them.",
)
