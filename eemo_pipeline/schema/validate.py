"""Finds violations of the schema in a table: columns, types, keys, nulls, vocabularies and ranges.

Also finds models that answered nothing, by the same rule in every stage that asks one.

Rules that need a second table are in `sql/checks/`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import Table

# Tables of the stages that ask a model -> the columns that name it.
ANSWERED_BY: Mapping[str, tuple[str, ...]] = {
    "annotation__replies": ("annotator", "model"),
    "verification__replies": ("verifier", "model"),
    "grounding__regions": ("detector", "model"),
    "critic__verdicts": ("critic",),
    "texts__descriptions": ("writer", "model"),
    "texts__reasonings": ("writer", "model"),
    "texts__details": ("writer", "model"),
    "texts__evocations": ("writer", "model"),
    "texts__comparisons": ("writer", "model"),
    "texts__candidates": ("writer", "model"),
}


class SchemaError(Exception):
    """A frame does not have the columns and types that its table declares."""


@dataclass(frozen=True)
class Violation:
    """One broken rule: which column, how many rows, and up to five of the offending values."""

    rule: str
    column: str
    count: int
    examples: tuple[str, ...]


def conform(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return the frame with the table's columns in order, or raise an error naming the difference.

    Raises:
        SchemaError: columns are missing, unknown or of another type.
    """
    expected = table.polars_schema
    missing = [name for name in expected if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in expected]
    if missing or unknown:
        raise SchemaError(
            f"{table.name}: columns missing {missing}, unknown {unknown}. "
            "Declare the column in eemo_pipeline/schema/ or drop it before returning the frame."
        )
    ordered = frame.select(expected.names())
    wrong = [
        f"{name} is {ordered.schema[name]}, declared {dtype}"
        for name, dtype in expected.items()
        if ordered.schema[name] != dtype
    ]
    if wrong:
        raise SchemaError(f"{table.name}: {'; '.join(wrong)}. Cast the column to its type.")
    return ordered


def key_violations(frame: pl.LazyFrame, table: Table) -> list[Violation]:
    """Return keys that occur more than once; a null counts as a value."""
    repeated = (
        frame.group_by(table.key).agg(pl.len().alias("_rows")).filter(pl.col("_rows") > 1).collect()
    )
    if repeated.is_empty():
        return []
    examples = tuple(str(row[: len(table.key)]) for row in repeated.head(5).rows())
    return [Violation("key is unique", " ".join(table.key), repeated.height, examples)]


def null_violations(frame: pl.LazyFrame, table: Table) -> list[Violation]:
    """Return nulls in columns that are not optional, and numbers that are not finite."""
    floats = [c.name for c in table.definitions if c.dtype == pl.Float64]
    counts = (
        frame.select(
            *(
                pl.col(name).null_count().alias(f"null {name}")
                for name in table.columns
                if name not in table.optional
            ),
            *((~pl.col(name).is_finite()).sum().alias(f"not-finite {name}") for name in floats),
        )
        .collect()
        .row(0, named=True)
    )
    return [
        Violation(label.split()[0], label.split()[1], count, ())
        for label, count in counts.items()
        if count
    ]


def vocabulary_violations(frame: pl.LazyFrame, table: Table) -> list[Violation]:
    """Return text outside a column's closed vocabulary."""
    return [
        violation
        for column in table.definitions
        if column.values
        for violation in _offending(frame, column, "value in vocabulary")
    ]


def range_violations(frame: pl.LazyFrame, table: Table) -> list[Violation]:
    """Return numbers outside a column's range."""
    return [
        violation
        for column in table.definitions
        if column.minimum is not None or column.maximum is not None
        for violation in _offending(frame, column, "value in range")
    ]


def answer_violations(frame: pl.LazyFrame, table: Table) -> list[Violation]:
    """Return the models of `ANSWERED_BY` that answered nothing; the examples give their reasons.

    A refusal is an answer, and so is a question that waits in a batch. Of the critic, images with a
    discarded field do not count, since the pre-checks discard some without asking. Of a writer,
    rows do not count that it was not asked about, for want of facts.
    """
    if "tries" in table.columns:
        frame = frame.filter(pl.col("tries") > 0)
    if "verdict" in table.columns:
        frame = frame.filter((pl.col("verdict") != "discarded").all().over("image_id"))
        failed, why = pl.col("verdict") == "unjudged", pl.col("finding")
    else:
        waits = pl.col("reason").eq_missing("waits_in_batch")
        failed, why = (pl.col("status") == "error") & ~waits, pl.col("reason")
    names = ANSWERED_BY[table.name]
    silent = (
        frame.group_by(names)
        .agg(pl.len().alias("_rows"), failed.all().alias("_failed"), why.min().alias("_why"))
        .filter("_failed")
        .sort(names)
        .collect()
    )
    return [
        Violation("answered nothing", " ".join(names), row["_rows"], (_name_silent(row, names),))
        for row in silent.iter_rows(named=True)
    ]


def _name_silent(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return f"{', '.join(row[name] for name in names)} ({row['_why'] or 'no reason'})"


def _offending(frame: pl.LazyFrame, column: Column, rule: str) -> Iterator[Violation]:
    values = frame.select(pl.col(column.name).alias("value"))
    if isinstance(column.dtype, pl.List):
        values = values.explode("value")
    value = pl.col("value")
    bad = pl.lit(value=False)
    if column.values:
        bad = bad | ~value.is_in(list(column.values))
    if column.minimum is not None:
        bad = bad | (value < column.minimum)
    if column.maximum is not None:
        bad = bad | (value > column.maximum)
    offending = values.drop_nulls().filter(bad).collect()
    if offending.height:
        examples = tuple(str(v) for v in offending["value"].unique().sort().head(5))
        yield Violation(rule, column.name, offending.height, examples)
