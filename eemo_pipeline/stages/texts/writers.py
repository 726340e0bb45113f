"""The embedded writer, and the function that writes and checks all texts.

A writer receives only rows that have the facts the text needs. The same rules (`text_rules.py`)
apply to every writer: a text that breaks one is refused with the rule as its reason, and never
shown. The content of the texts is defined in one module per kind of text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.text_rules import judged


@dataclass(frozen=True)
class TemplateRealiser:
    """The embedded writer: fixed sentences filled with measured facts and shared words.

    Shared words are those that several people use to explain an emotion.

    Attributes:
        tasks: task -> its method, and the function that writes its texts (null where it cannot).
        failures: task -> the reason for a text that could not be written.
    """

    tasks: Mapping[str, tuple[str, Callable[[pl.DataFrame], pl.Series]]]
    failures: Mapping[str, str]
    name: str = "template_realiser"

    def method_of(self, task: str) -> str:
        """Return the method that the task's module declares."""
        return self.tasks[task][0]

    def write(self, task: str, inputs: pl.DataFrame) -> pl.DataFrame:
        """Write the sentences of a task."""
        texts = self.tasks[task][1](inputs).alias("text")
        failure = pl.lit(self.failures.get(task, "not_written"))
        return pl.DataFrame({"text": texts}, schema={"text": pl.String}).with_columns(
            pl.when(pl.col("text").is_null()).then(failure).alias("reason")
        )


def write_texts(
    writer: Writer,
    task: str,
    inputs: pl.DataFrame,
    allowed: pl.Expr,
    *,
    levels: Mapping[str, pl.Expr] | None = None,
    key: Sequence[str] = ("image_id",),
) -> pl.DataFrame:
    """Let the writer write the texts whose facts are complete, and check them.

    Args:
        writer: the writer.
        task: see `Writer.write`.
        inputs: the key, the columns of the task, and `reason`, set where a fact is missing.
        allowed: list of the Ekman emotions that a text may name.
        levels: dimension -> list of the level words that a text must contain, if any.
        key: columns that identify a text.

    Returns:
        key, writer, method, status, reason, text, word_count; one row per row of `inputs`.
    """
    grounded = inputs.filter(pl.col("reason").is_null())
    said = pl.concat([grounded.select(key), writer.write(task, grounded)], how="horizontal").rename(
        {"reason": "failure"}
    )
    finished = inputs.join(said, on=key, how="left").with_columns(
        pl.coalesce("reason", "failure").alias("reason")
    )
    return judged(
        finished,
        allowed,
        writer.method_of(task),
        levels=levels,
        key=key,
        writer=writer.name,
    )
