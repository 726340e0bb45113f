"""The writer role: turns facts about an image, or about two, into a text of one kind.

A writer is given the columns that the kind of text is built on, and only rows that have them. It
is never given a label's author, a file name or a folder. It is given the image for the task
`descriptions` alone. It answers each row with a text, or with the parts of a multiple-choice
question (`candidates`), or with the reason why there is none.

The contract is the same for the embedded sentences and for a model. Answers are judged by
`stages/texts/writers.py`, which may show a writer the broken rule and ask again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable

STAGE = "texts"
# The role of the model that writes, and of the one that looks at images, in ledger and costs.
ROLE, DESCRIBER = "writer", "describer"

_TEXT: Mapping[str, pl.DataType] = {"text": pl.String()}
_CANDIDATES: Mapping[str, pl.DataType] = {
    "emotion": pl.String(),
    "element": pl.String(),
    "distractors": pl.List(pl.String),
}


def answer_schema(task: str) -> Mapping[str, pl.DataType]:
    """Return the columns of a task's answer: `text`, or the parts of `candidates`."""
    return _CANDIDATES if task == "candidates" else _TEXT


@dataclass(frozen=True)
class Remark:
    """An earlier answer to the same row that broke a rule.

    Attributes:
        answer: the columns of `answer_schema`, as the writer gave them.
        fault: the broken rule in words that a writer can act on.
    """

    answer: Mapping[str, Any]
    fault: str


class Writer(Protocol):
    """Writes texts: the embedded sentences, or a model."""

    @property
    def name(self) -> str:
        """The value of the column writer."""
        ...

    @property
    def provider(self) -> str:
        """The provider that bills the answers; "embedded" if they are computed locally, free."""
        ...

    @property
    def model(self) -> str:
        """Model and version; part of the ledger's key."""
        ...

    @property
    def tries(self) -> int:
        """How often a row may be written; 1 where another try would give the same answer."""
        ...

    def method_of(self, task: str) -> str:
        """Return the method for a task, with its sources; it is stored in every row."""
        ...

    def prompt_hash(self, task: str) -> str:
        """Return the hash of the task's first instruction and its settings, or of the method."""
        ...

    def write(
        self, task: str, inputs: pl.DataFrame, remarks: Sequence[Sequence[Remark]]
    ) -> AnsweredTable:
        """Answer every row of a task.

        Args:
            task: descriptions, reasonings, details, evocations, candidates, or compare_<aspect>.
            inputs: the facts that the answers may use; the columns are those of the task's module.
            remarks: the earlier answers to each row, oldest first; all empty in the first try.

        Returns:
            The columns of `answer_schema`, `status` ("ok", "refused", or "error" where another
            run may succeed) and `reason`, in the order of the inputs. Without an answer, its
            columns are null and `reason` says why.
        """
        ...
