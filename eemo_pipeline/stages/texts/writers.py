"""The writer role: who turns what is known into prose, and what every text is held to.

Belongs here: the contract of a writer, the embedded one, and the path that all texts take. Does not
belong here: what a text says (one module per kind of text) or the guards (`guards.py`).

A writer gets only rows that have what the text needs. What it returns is judged whoever wrote it:
a text that breaks a rule is refused with the rule as its reason, and never shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.text_rules import judged


@dataclass(frozen=True)
class TemplateRealiser:
    """The embedded writer: fixed sentences over measured facts and words that people share.

    Attributes:
        tasks: task -> its method, and what writes its texts, null where it cannot.
        failures: task -> the reason for a text that could not be written.
    """

    tasks: Mapping[str, tuple[str, Callable[[pl.DataFrame], pl.Series]]]
    failures: Mapping[str, str]
    name: str = "template_realiser"

    def method_of(self, task: str) -> str:
        """The method that the module of the task declares."""
        return self.tasks[task][0]

    def write(self, task: str, inputs: pl.DataFrame) -> pl.DataFrame:
        """Realise the sentences of a task."""
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
    """Let the writer write what can be written, and judge it.

    Args:
        writer: who writes.
        task: see `Writer.write`.
        inputs: the key, what the task needs, and `reason`, set where something is missing.
        allowed: list of the Ekman emotions that a text may name.
        levels: dimension -> list of the level words that a text must give, if it must.
        key: columns that identify a text.

    Returns:
        key, writer, method, status, reason, text, word_count; a row per row of `inputs`.
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
