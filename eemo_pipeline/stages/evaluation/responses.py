"""What a model answered to the items of a benchmark, whoever asked it."""

from collections.abc import Sequence
from dataclasses import dataclass

from eemo_pipeline.stages.evaluation.benchmarks import Item


@dataclass(frozen=True)
class Response:
    """The answer to one item.

    Attributes:
        item: the item.
        text: the reply as received; None where there is none.
        verdict: the mark 0-1 that the owners, people or a judge gave; None where nobody did.
        probability: what the model gave its answer, 0-1, where it says so.
        reason: why there is no text.
        protocol: how the model was asked, TEXT or PROBABILITY of `answer_parsing.py`; None where
            the reply alone tells.
    """

    item: Item
    text: str | None
    verdict: float | None = None
    probability: float | None = None
    reason: str | None = None
    protocol: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A row of a response file that is no answer to an item: its place, and why."""

    row: int
    reason: str
    detail: str


@dataclass(frozen=True)
class ResponseFile:
    """A response file as read; its rows are the responses and the refusals together.

    Attributes:
        model: the model, as the file calls it.
        responses: in the file's order.
        refusals: rows that could not be used.
    """

    model: str
    responses: Sequence[Response]
    refusals: Sequence[Refusal] = ()
