"""EmoVerse's Table 4: how many people say yes to the images and the labels of a source.

An item is one answer of one person about one image, and what is scored is the source of the image.
The answers follow from votes of the review tool (`vote_answers.py`); without votes there is nothing
to score. Win rates between sources, ties and agreement are a study (`studies/user_study.py`).
"""

from eemo_pipeline.stages.evaluation.answer_parsing import Parsed
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number, Prompt
from eemo_pipeline.stages.evaluation.studies.user_study import NUMBERS

YES, NO = "yes", "no"


def _ask(item: Item) -> Prompt:
    return Prompt("choose-1", item.question)


def _read(item: Item, reply: str) -> Parsed:  # noqa: ARG001 (every question has yes and no)
    text = reply.strip()
    word = text.rstrip(".").casefold()
    found = word if word in (YES, NO) else None
    return Parsed(found, found if text in (YES, NO) else None)


def _mark(item: Item, answer: str) -> float:  # noqa: ARG001 (a yes is a yes to any question)
    return float(answer == YES)


def _guess(item: Item, draw: float) -> str:  # noqa: ARG001
    return YES if draw < 0.5 else NO


BENCHMARK = Benchmark(
    name="emoverse_user_study",
    title="EmoVerse, Table 4: people on images and labels",
    citation="arXiv 2511.12554",
    numbers=tuple(Number(question, name) for question, name in NUMBERS.items()),
    prompt=_ask,
    parse=_read,
    mark=_mark,
    guess=_guess,
    notes="There, people see image and label and answer yes or no; here they judge blind first, "
    "and the answer follows from what they said.",
)
