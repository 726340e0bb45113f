"""Every kind of violation is found, counted and shown, and a sound table has none."""

from typing import Any

import polars as pl
import pytest

from eemo_pipeline.schema.tables import TABLES, Table
from eemo_pipeline.schema.validate import (
    SchemaError,
    Violation,
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)

TABLE = Table(
    name="tests__rows",
    grain="row of this test",
    key=("image_id", "split"),
    columns=("image_id", "split", "brightness", "width_px", "ranking", "dominant_shares", "reason"),
    optional=frozenset({"reason", "ranking"}),
)
SOUND = {
    "image_id": "a",
    "split": "train",
    "brightness": 0.5,
    "width_px": 10,
    "ranking": ["joy", "fear"],
    "dominant_shares": [0.75, 0.25],
    "reason": None,
}


def rows(*changes: dict[str, Any]) -> pl.LazyFrame:
    """Sound rows with changed cells; each row has an image_id of its own unless changed."""
    made = [SOUND | {"image_id": str(no)} | change for no, change in enumerate(changes)]
    return pl.LazyFrame(made, schema=TABLE.polars_schema)


def all_violations(frame: pl.LazyFrame) -> list[Violation]:
    rules = (null_violations, key_violations, vocabulary_violations, range_violations)
    return [violation for rule in rules for violation in rule(frame, TABLE)]


def test_a_sound_table_has_none() -> None:
    assert all_violations(rows({}, {}, {"reason": "said why", "ranking": None})) == []


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_rows_has_none(name: str) -> None:
    table = TABLES[name]
    empty = table.empty()
    assert conform(empty, table).equals(empty)
    for rule in (null_violations, key_violations, vocabulary_violations, range_violations):
        assert rule(empty.lazy(), table) == []


@pytest.mark.parametrize(
    ("changes", "rule", "column", "count", "examples"),
    [
        ([{}, {"split": None}], "null", "split", 1, ()),
        ([{"brightness": None}, {"brightness": None}], "null", "brightness", 2, ()),
        ([{"brightness": float("nan")}], "not-finite", "brightness", 1, ()),
        ([{"brightness": float("inf")}], "not-finite", "brightness", 1, ()),
        ([{"split": "holiday"}, {}], "value in vocabulary", "split", 1, ("holiday",)),
        ([{"ranking": ["joy", "hunger"]}], "value in vocabulary", "ranking", 1, ("hunger",)),
        (
            [{"brightness": 1.5}, {"brightness": -0.1}],
            "value in range",
            "brightness",
            2,
            ("-0.1", "1.5"),
        ),
        ([{"width_px": -3}], "value in range", "width_px", 1, ("-3",)),
        ([{"dominant_shares": [0.5, 1.25]}], "value in range", "dominant_shares", 1, ("1.25",)),
    ],
)
def test_a_violation_is_counted_and_shown(
    changes: list[dict[str, Any]], rule: str, column: str, count: int, examples: tuple[str, ...]
) -> None:
    found = [v for v in all_violations(rows(*changes)) if v.rule == rule]
    assert found == [Violation(rule, column, count, examples)]


def test_a_repeated_key_is_found_and_a_null_counts_as_a_value() -> None:
    same = {"image_id": "a"}
    (violation,) = key_violations(rows(same, same, {}, {"image_id": "a", "split": "test"}), TABLE)
    assert (violation.column, violation.count) == ("image_id split", 1)
    assert violation.examples == ("('a', 'train')",)
    nulls = {"image_id": None}
    assert len(key_violations(rows(nulls, nulls), TABLE)) == 1


def test_examples_are_five_at_most_and_the_smallest() -> None:
    bad = [{"width_px": -no} for no in range(1, 9)]
    (violation,) = range_violations(rows(*bad), TABLE)
    assert violation.count == 8
    assert violation.examples == ("-8", "-7", "-6", "-5", "-4")


def test_conform_orders_the_columns() -> None:
    frame = rows({}).collect()
    assert conform(frame.select(reversed(frame.columns)), TABLE).equals(frame)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (pl.col("split").alias("surprise"), "unknown .*surprise"),
        (pl.col("width_px").cast(pl.Int32), "width_px is Int32, declared Int64"),
        (pl.col("brightness").cast(pl.String), "brightness is String, declared Float64"),
        (pl.lit([1]).alias("dominant_shares"), "dominant_shares is List"),
    ],
)
def test_other_columns_or_types_are_an_error_that_names_them(change: pl.Expr, says: str) -> None:
    with pytest.raises(SchemaError, match=says):
        conform(rows({}).with_columns(change).collect(), TABLE)
    with pytest.raises(SchemaError, match=r"missing .*split"):
        conform(rows({}).drop("split").collect(), TABLE)
