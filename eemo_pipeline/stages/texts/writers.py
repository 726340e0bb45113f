"""The embedded writer, and the functions that let a writer write and check what it wrote.

A writer receives only rows that have the facts the text needs. The same rules (`text_rules.py`)
apply to every writer. An answer that breaks one goes back with the rule in words, as often as the
writer's `tries` allow; the last one is refused with the rule as its reason, and never shown. The
content of the texts is defined in one module per kind of text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import EMBEDDED
from eemo_pipeline.ledger.usage import NO_WORK
from eemo_pipeline.roles.writer import Remark, Writer, answer_schema
from eemo_pipeline.stages.texts.remarks import explain_fault
from eemo_pipeline.stages.texts.text_rules import broken_rule, count_words, wrong_levels
from eemo_pipeline.stats.hash_draws import short_hash

# Rows with an answer -> the same rows with `fault` (the code of a broken rule, or null) and
# `remark` (the fault in words).
Judge = Callable[[pl.DataFrame], pl.DataFrame]
_ROW = "_row"


@dataclass(frozen=True)
class TemplateRealiser:
    """The embedded writer: fixed sentences filled with measured facts and shared words.

    Shared words are those that several people use to explain an emotion.

    Attributes:
        tasks: task -> its method, and the function that answers its rows: with texts, null where it
            cannot, or with structs of the answer's columns and `reason`.
        failures: task -> the reason for a text that could not be written.
    """

    tasks: Mapping[str, tuple[str, Callable[[pl.DataFrame], pl.Series]]]
    failures: Mapping[str, str]
    name: str = "template_realiser"
    model: str = "template_realiser"
    provider: str = EMBEDDED
    tries: int = 1

    def method_of(self, task: str) -> str:
        """Return the method that the task's module declares."""
        return self.tasks[task][0]

    def prompt_hash(self, task: str) -> str:
        """Return the hash of the method; there is no prompt."""
        return short_hash(self.method_of(task))

    def write(
        self,
        task: str,
        inputs: pl.DataFrame,
        remarks: Sequence[Sequence[Remark]],  # noqa: ARG002
    ) -> AnsweredTable:
        """Write the sentences of a task."""
        schema = answer_schema(task)
        answers = self.tasks[task][1](inputs)
        frame = (
            answers.struct.unnest()
            if isinstance(answers.dtype, pl.Struct)
            else pl.DataFrame({"text": answers, "reason": None})
        )
        is_missing = pl.any_horizontal(pl.col(name).is_null() for name in schema)
        failure = pl.coalesce("reason", pl.lit(self.failures.get(task, "not_written")))
        return AnsweredTable(
            frame.cast({**schema, "reason": pl.String()}).with_columns(
                pl.when(is_missing).then(pl.lit("refused")).otherwise(pl.lit("ok")).alias("status"),
                pl.when(is_missing).then(failure).alias("reason"),
            )
        )


def write_texts(
    writer: Writer,
    task: str,
    inputs: pl.DataFrame,
    allowed: pl.Expr,
    *,
    levels: Mapping[str, pl.Expr] | None = None,
    faults: Mapping[str, pl.Expr] | None = None,
    key: Sequence[str] = ("image_id",),
) -> AnsweredTable:
    """Let the writer write the texts whose facts are complete, and check them.

    Args:
        writer: the writer.
        task: see `Writer.write`.
        inputs: the key, the columns of the task, and `reason`, set where a fact is missing.
        allowed: list of the Ekman emotions that a text may name.
        levels: dimension -> list of the level words that a text must contain, if any.
        faults: further reason codes of the task -> whether the column `text` has that fault.
        key: columns that identify a text.

    Returns:
        key, writer, model, method, prompt_hash, status, reason, text, word_count, tries; one row
        per row of `inputs`, sorted by key.
    """
    judge = partial(_judge_texts, allowed=allowed, levels=levels or {}, faults=faults or {})
    answered = write_checked(writer, task, inputs, judge)
    frame = (
        signed(writer, task, answered.frame)
        .with_columns(count_words(pl.col("text")).alias("word_count"))
        .select(
            *(*key, "writer", "model", "method", "prompt_hash", "status", "reason", "text"),
            *("word_count", "tries"),
        )
        .sort(key)
    )
    return AnsweredTable(frame, answered.work)


def write_checked(writer: Writer, task: str, inputs: pl.DataFrame, judge: Judge) -> AnsweredTable:
    """Let the writer answer the rows without a `reason`; ask again about answers with a fault.

    Returns:
        The rows and columns of `inputs`, in order, with the columns of `answer_schema`, `status`,
        `reason` and `tries`, the number of answers that were asked for.
    """
    rows = inputs.with_row_index(_ROW)
    schema = {**answer_schema(task), "status": pl.String(), "tries": pl.Int64()}
    is_known = pl.col("reason").is_null()
    finished = [rows.filter(~is_known).with_columns(status=pl.lit("refused"), tries=pl.lit(0))]
    asked = rows.filter(is_known).drop("reason")
    remarks: list[tuple[Remark, ...]] = [()] * asked.height
    work = NO_WORK
    for number in range(1, writer.tries + 1):
        answered = writer.write(task, asked.drop(_ROW), remarks)
        work += answered.work
        said = pl.concat([asked, answered.frame], how="horizontal")
        judged = judge(said.with_columns(tries=pl.lit(number)))
        is_sound = pl.col("fault").is_null()
        is_open = ~is_sound & (number < writer.tries)
        finished.append(_close(judged.filter(~is_open), task))
        places = judged.select(is_open.arg_true()).to_series().to_list()
        if not places:
            break
        remarks = [
            (*remarks[place], _remark(task, row))
            for place, row in zip(places, judged.filter(is_open).to_dicts(), strict=True)
        ]
        asked = asked[places]
    frame = pl.concat(finished, how="diagonal_relaxed").sort(_ROW).drop(_ROW)
    return AnsweredTable(frame.with_columns(pl.col(n).cast(t) for n, t in schema.items()), work)


def signed(writer: Writer, task: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the columns writer, model, method and prompt_hash."""
    return frame.with_columns(
        pl.lit(writer.name).alias("writer"),
        pl.lit(writer.model).alias("model"),
        pl.lit(writer.method_of(task)).alias("method"),
        pl.lit(writer.prompt_hash(task)).alias("prompt_hash"),
    )


def _remark(task: str, row: Mapping[str, Any]) -> Remark:
    return Remark({name: row[name] for name in answer_schema(task)}, str(row["remark"]))


def _close(judged: pl.DataFrame, task: str) -> pl.DataFrame:
    """Give answers with a fault their reason, and remove them."""
    is_sound = pl.col("fault").is_null()
    return judged.with_columns(
        *(pl.when(is_sound).then(name).alias(name) for name in answer_schema(task)),
        pl.when(is_sound).then("status").otherwise(pl.lit("refused")).alias("status"),
        pl.coalesce("reason", "fault").alias("reason"),
    ).drop("fault", "remark")


def _judge_texts(
    said: pl.DataFrame,
    allowed: pl.Expr,
    levels: Mapping[str, pl.Expr],
    faults: Mapping[str, pl.Expr],
) -> pl.DataFrame:
    text = pl.col("text")
    own = [pl.when(is_broken).then(pl.lit(code)) for code, is_broken in faults.items()]
    rules = [broken_rule(text, allowed), *([wrong_levels(text, levels)] if levels else []), *own]
    is_written = pl.col("status") == "ok"
    fault = pl.when(is_written).then(pl.coalesce(*rules)).alias("fault")
    return said.with_columns(fault).with_columns(
        explain_fault(pl.col("fault"), text, allowed, levels).alias("remark")
    )
