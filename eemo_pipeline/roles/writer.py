"""The writer role: turns facts about an image, or about two, into a text of one kind.

A writer is given the columns that the kind of text is built on, and only rows that have them. It
is never given an image. It answers with the text of each row, or with the reason why there is none.
"""

from typing import Protocol

import polars as pl


class Writer(Protocol):
    """Writes texts: the embedded template realiser, or a model."""

    @property
    def name(self) -> str:
        """The value of the column writer; the model's own name if a model writes."""
        ...

    def method_of(self, task: str) -> str:
        """Return the method for a task, with its sources; it is stored in every row."""
        ...

    def write(self, task: str, inputs: pl.DataFrame) -> pl.DataFrame:
        """Write the texts of a task.

        Args:
            task: descriptions, reasonings, details, evocations, or compare_<aspect>.
            inputs: the facts that the texts may use; the columns are those of the task's module.

        Returns:
            The columns `text` and `reason`, in the order of the inputs. `text` is null where no
            text could be written, and `reason` says why.
        """
        ...
