"""UNIAA-Bench's questions on sentiment as a cross-domain set (EEmo-Logic)."""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number
from eemo_pipeline.stages.evaluation.choices import ask, guess, mark, read
from eemo_pipeline.stages.evaluation.source_annotations import (
    annotations_of,
    letters,
    unit_function,
)


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return one item per question with a right option."""
    unit = unit_function(table)
    items: list[Item] = []
    for row, given in annotations_of(table, "uniaa"):
        options = letters(given.get("options") or given.get("candidates"))
        gold = _letter(options, given.get("answer"), given.get("correct_ans"))
        if gold and row["image_id"]:
            items.append(
                Item(
                    item_id=f"{row['record_id']} {row['annotation_no']}",
                    section="perception",
                    subset=str(given.get("type") or "other"),
                    question=str(given.get("question") or ""),
                    gold=gold,
                    images=(row["image_id"],),
                    options=options,
                    unit=unit(row["image_id"]),
                )
            )
    return items


def _letter(options: dict[str, str], *answers: object) -> str | None:
    """Return the letter of the first answer that is a letter or an option's text."""
    for answer in answers:
        said = str(answer or "").strip()
        if said in options:
            return said
        for letter, text in options.items():
            if said and text.strip().casefold() == said.casefold():
                return letter
    return None


BENCHMARK = Benchmark(
    name="uniaa",
    title="UNIAA-Bench: questions on sentiment",
    citation="arXiv 2404.09619; protocol of arXiv 2602.01173",
    numbers=(
        *(
            Number("perception", name, subsets=(kind,))
            for kind, name in (("yes_no", "Yes-or-No"), ("what", "What"), ("how", "How"))
        ),
        Number("perception", "Overall"),
    ),
    prompt=ask,
    parse=read,
    mark=mark,
    guess=guess,
    prepare=prepare,
)
