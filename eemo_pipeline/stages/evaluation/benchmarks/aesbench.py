"""AesBench's questions on evoked emotion as a cross-domain set (EEmo-Logic).

The published file has no right answers. Items without one are asked and not counted.
"""

import re
from collections.abc import Callable
from typing import Any

import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.choices import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.source_annotations import annotations_of, unit_function

_OPTION = re.compile(r"^\s*([A-H])\)\s*(.+?)\s*$", re.MULTILINE)
_LONGEST = 4000


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return one item per image."""
    unit = unit_function(table)
    items: list[Item] = []
    for row, given in annotations_of(table, "aesbench"):
        part: dict[str, Any] = (
            given["AesE_data"] if isinstance(given.get("AesE_data"), dict) else {}
        )
        options = dict(_OPTION.findall(str(part.get("Options") or "")[:_LONGEST]))
        answer = str(part.get("Answer") or part.get("answer") or "").strip()[:1]
        if options and row["image_id"]:
            items.append(
                Item(
                    item_id=str(row["record_id"]),
                    section="perception",
                    subset="AesE",
                    question=str(part.get("Question") or ""),
                    gold=answer if answer in options else "",
                    images=(row["image_id"],),
                    options=options,
                    unit=unit(row["image_id"]),
                    is_valid=answer in options,
                )
            )
    return items


BENCHMARK = Benchmark(
    name="aesbench",
    title="AesBench: questions on evoked emotion",
    citation="arXiv 2401.08276; protocol of arXiv 2602.01173",
    numbers=(Number("perception", "AesE"),),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
)
