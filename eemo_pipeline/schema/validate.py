"""Finds violations of the schema in a table: columns, types, keys, nulls, vocabularies and ranges.

Rules that need a second table are in `sql/checks/`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.schema.columns import Column
from eemo_pipeline.schema.tables import Table


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
