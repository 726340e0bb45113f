"""The contract of a writer of texts."""

from typing import Protocol

import polars as pl


class Writer(Protocol):
    """Someone who writes texts: the embedded realiser of templates, or a model."""

    @property
    def name(self) -> str:
        """Told on every row; a model's own name where a model writes."""
        ...

    def method_of(self, task: str) -> str:
        """How the writer works on a task, with its sources; told on every row."""
        ...

    def write(self, task: str, inputs: pl.DataFrame) -> pl.DataFrame:
        """The texts of a task: `text` and `reason`, in the order of the inputs.

        Args:
            task: descriptions, reasonings, details, evocations, or compare_<aspect>.
            inputs: what the texts may build on; the columns are those of the task's module.

        Returns:
            `text`, null where there is none, with its `reason`.
        """
        ...
