"""The contract of a benchmark, and how to add one.

To add a benchmark, add one file `eemo_pipeline/stages/evaluation/benchmarks/<name>.py` that
declares `BENCHMARK = Benchmark(name="<name>", ...)`. Nothing else needs to change: reading response
files, scores with intervals and the command line follow.

An item is one question. A benchmark says how a model is asked (`prompt`; `weigh` for the
probabilities of words), how its reply is read
(`parse`, tolerant and strict side by side), what one answer is worth (`mark`), what chance would
answer (`guess`), and which numbers its owners print (`numbers`). A number is a measure over the
marks of some of the items; a mean of numbers is a number too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from eemo_pipeline.stages.evaluation.answer_parsing import Parsed


@dataclass(frozen=True)
class Item:
    """One question of a benchmark.

    Attributes:
        item_id: names the item within its benchmark.
        section: the task that the item belongs to, such as perception or description.
        subset: the column of the owners' table that counts the item, in their words.
        question: what is asked.
        gold: the right answer in the form of the benchmark: a letter, labels joined by ", ", a
            number, a text.
        images: the images, in the order of the question; ids or names.
        options: letter -> text; empty for open questions.
        aspect: a finer group in the owners' words; "" where there is none.
        unit: what the bootstrap resamples as one: near-duplicates of one image, or one pair.
        is_valid: False where the owners exclude the item from their numbers.
    """

    item_id: str
    section: str
    subset: str
    question: str
    gold: str
    images: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    aspect: str = ""
    unit: str = ""
    is_valid: bool = True


@dataclass(frozen=True)
class Prompt:
    """How a model is asked.

    Attributes:
        name: the prompt's file in `prompts/`.
        question: the text of the item.
        words: words whose probabilities after `beginning` are asked for; empty for a reply in text.
        beginning: how the reply begins, before the word.
    """

    name: str
    question: str
    words: tuple[str, ...] = ()
    beginning: str = ""


@dataclass(frozen=True)
class Number:
    """One number of the owners' table.

    Attributes:
        section: the section of items that it is about.
        name: the column, in the owners' words.
        measure: a name in `measures.py` or `text_measures.py`.
        subsets: the subsets that it counts; empty for all of the section.
        of: for a mean of numbers: (section, name) of each.
        weights: their weights; empty for even ones.
        digits: the decimals that the owners print.
        takes_invalid: whether items count that the owners exclude.
    """

    section: str
    name: str
    measure: str = "percent"
    subsets: tuple[str, ...] = ()
    of: tuple[tuple[str, str], ...] = ()
    weights: tuple[int, ...] = ()
    digits: int = 2
    takes_invalid: bool = False


@dataclass(frozen=True)
class Benchmark:
    """A benchmark.

    Attributes:
        name: equals the module's name.
        title: the benchmark in words, for people.
        citation: where the protocol is published.
        numbers: the numbers of the owners' table; a mean of numbers stands after them.
        prompt: how an item is asked.
        parse: reads a reply.
        mark: what a parsed answer is worth, 0-1; None where the reply alone does not tell, as for a
            text that needs a judge.
        guess: the answer of chance to an item, from a number in [0, 1).
        prepare: the items, given a function that returns a table of the data root by name; None for
            a benchmark whose items come in response files alone.
        notes: why numbers may differ from the published ones.
        weigh: how a model is asked whose probabilities of words can be read; None for an item that
            is asked as every model is.
        compared: the right text and that of a reply, where their similarity is what an item is
            worth (`similar_texts.py`); None for other items.
        rubric: the name in `rubrics.py` of what a judge votes on, where texts need one; "" where
            texts are measured beside their reference and not judged.
    """

    name: str
    title: str
    citation: str
    numbers: tuple[Number, ...]
    prompt: Callable[[Item], Prompt]
    parse: Callable[[Item, str], Parsed]
    mark: Callable[[Item, str], float | None]
    guess: Callable[[Item, float], str]
    prepare: Callable[[Callable[[str], pl.DataFrame]], Sequence[Item]] | None = None
    notes: str = ""
    weigh: Callable[[Item], Prompt | None] = lambda _: None
    rubric: str = "one_score"
    compared: Callable[[Item, str], tuple[str, str] | None] = lambda *_: None
