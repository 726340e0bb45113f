"""Items from the rows of evaluation frameworks: questions that carry options, answer and reply.

A framework's file says what was asked, so that it is scored without the data root that exported the
questions. `response_formats/` has one file per framework.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item
from eemo_pipeline.stages.evaluation.responses import Refusal, Response, ResponseFile

LETTERS = "ABCDEFGH"
_YES_OR_NO, _WHAT_HOW = "Yes-or-No", "What/How"
_OF_PAIRS = "pair_"
_LONGEST_NAME = 80


@dataclass(frozen=True)
class FrameworkRow:
    """One row as a framework writes it.

    Attributes:
        name: the id of the question; a pass over the same question once more has the same.
        question: what was asked.
        options: letter -> text; empty for an open question.
        gold: the right letter or text.
        reply: what the model said; None where there is nothing.
        category: the task, where the row names it.
        subset: the column of the owners' table, where the row names it.
        images: ids or names of the images.
    """

    name: str
    question: str
    options: Mapping[str, str]
    gold: str
    reply: str | None
    category: str = ""
    subset: str = ""
    images: tuple[str, ...] = field(default=())


def read_framework_rows(
    rows: Iterable[FrameworkRow | Refusal], benchmark: Benchmark, model: str
) -> ResponseFile:
    """Return the responses; a row that is no question of the benchmark is refused with its reason.

    Args:
        rows: in the file's order, from 1; a refusal is a row that could not be read.
        benchmark: whose questions they are.
        model: the model, as the file calls it.
    """
    responses: list[Response] = []
    refusals: list[Refusal] = []
    seen: set[str] = set()
    for place, row in enumerate(rows, 1):
        if isinstance(row, Refusal):
            refusals.append(row)
            continue
        section = _section_of(row, benchmark)
        if row.name in seen:
            refusals.append(Refusal(place, "duplicate_row", f"id = {row.name[:_LONGEST_NAME]}"))
        elif section is None:
            detail = f"category = {row.category[:_LONGEST_NAME]!r}"
            refusals.append(Refusal(place, "unknown_value", detail))
        elif row.options and row.gold not in row.options:
            detail = f"answer = {row.gold[:_LONGEST_NAME]!r}"
            refusals.append(Refusal(place, "answer_not_an_option", detail))
        else:
            seen.add(row.name)
            reason = None if row.reply is not None else "no_reply"
            item = _item_of(row, section, benchmark)
            responses.append(Response(item, row.reply, reason=reason))
    return ResponseFile(model, responses, refusals)


def _item_of(row: FrameworkRow, section: str, benchmark: Benchmark) -> Item:
    return Item(
        row.name[:_LONGEST_NAME],
        section,
        _subset_of(row, section, benchmark),
        row.question,
        row.gold,
        row.images,
        row.options,
        unit=" ".join(sorted(row.images)),
    )


def _section_of(row: FrameworkRow, benchmark: Benchmark) -> str | None:
    """Return the section: the row's category, else the only one that such questions can have.

    Of two sections, one is of pairs.
    """
    sections = list(dict.fromkeys(number.section for number in benchmark.numbers))
    if row.category in sections:
        return row.category
    name = "perception" if row.options else "description"
    fits = [section for section in sections if section.endswith(name)]
    if len(fits) > 1 and row.images:
        is_pair = len(row.images) > 1
        fits = [section for section in fits if section.startswith(_OF_PAIRS) == is_pair]
    is_clear = not row.category and len(fits) == 1
    return fits[0] if is_clear else None


def _subset_of(row: FrameworkRow, section: str, benchmark: Benchmark) -> str:
    numbers = [number for number in benchmark.numbers if number.section == section]
    known = {subset for number in numbers for subset in number.subsets}
    if row.subset in known:
        return row.subset
    said = {text.strip(" .").lower() for text in row.options.values()}
    kind = _YES_OR_NO if said == {"yes", "no"} else _WHAT_HOW
    return kind if kind in known else "other"
