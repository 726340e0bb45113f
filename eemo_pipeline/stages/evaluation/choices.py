"""Parts that benchmarks of multiple choice and open questions share: prompt, mark and guess."""

from eemo_pipeline.stages.evaluation.answer_parsing import Parsed, parse_choice
from eemo_pipeline.stages.evaluation.benchmarks import Item, Prompt


def ask(item: Item) -> Prompt:
    """Return the question with its options; an open question is asked for a text."""
    if not item.options:
        return Prompt("describe-1", item.question)
    options = "\n".join(f"{letter}: {text}" for letter, text in item.options.items())
    return Prompt("choose-1", f"{item.question}\n{options}")


def read(item: Item, reply: str) -> Parsed:
    """Return the letter that a reply chooses; of an open question, the text itself."""
    if item.options:
        return parse_choice(item.options, reply)
    text = reply.strip() or None
    return Parsed(text, text)


def mark(item: Item, answer: str) -> float | None:
    """Return 1 for the right letter, else 0; None for an open question, which needs a judge."""
    return float(answer == item.gold) if item.options else None


def guess(item: Item, draw: float) -> str:
    """Return a letter, each equally likely; nothing for an open question."""
    letters = list(item.options)
    return letters[int(draw * len(letters))] if letters else ""
