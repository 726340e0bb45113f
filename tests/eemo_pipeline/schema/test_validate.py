"""Every kind of violation is found, counted and shown, and a sound table has none."""

from typing import Any

import polars as pl
import pytest

from eemo_pipeline.schema.tables import TABLES, Table
from eemo_pipeline.schema.validate import (
    ANSWERED_BY,
    SchemaError,
    Violation,
    answer_violations,
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
    assert name not in ANSWERED_BY or answer_violations(empty.lazy(), table) == []


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


# --- models that answered nothing ---------------------------------------------------------------

BY_STATUS = [name for name in ANSWERED_BY if name != "critic__verdicts"]


def replies(name: str, *answers: tuple[str, str, str | None]) -> pl.LazyFrame:
    """Rows of a table of answers: who answered, the status, its reason and, of texts, the tries."""
    who = ANSWERED_BY[name]
    made = [
        dict.fromkeys(who, answerer) | {"status": status, "reason": reason, "tries": 1}
        for answerer, status, reason in answers
    ]
    texts = dict.fromkeys((*who, "status", "reason"), pl.String)
    return pl.LazyFrame(made, schema={**texts, "tries": pl.Int64})


@pytest.mark.parametrize("name", BY_STATUS)
def test_a_model_that_answered_nothing_is_named_with_its_reason(name: str) -> None:
    frame = replies(
        name, ("a", "ok", None), ("b", "error", "timed_out"), ("b", "error", "timed_out")
    )
    (violation,) = answer_violations(frame, TABLES[name])
    assert (violation.column, violation.count) == (" ".join(ANSWERED_BY[name]), 2)
    assert violation.examples == (", ".join(["b"] * len(ANSWERED_BY[name])) + " (timed_out)",)


def test_rows_that_a_writer_was_not_asked_about_are_no_answers() -> None:
    asked = replies("texts__details", ("b", "error", "timed_out"))
    not_asked = replies("texts__details", ("b", "refused", "no_emotions")).with_columns(tries=0)
    frame = pl.concat([asked, not_asked.cast({"tries": pl.Int64})])
    (violation,) = answer_violations(frame, TABLES["texts__details"])
    assert violation.count == 1


@pytest.mark.parametrize(
    "answer",
    [
        ("b", "refused", "content_filter"),
        ("b", "none", "nothing_found"),
        ("b", "error", "waits_in_batch"),
        ("b", "ok", None),
    ],
)
@pytest.mark.parametrize("name", BY_STATUS)
def test_one_answer_refusal_or_question_in_a_batch_is_enough(
    name: str, answer: tuple[str, str, str | None]
) -> None:
    frame = replies(name, ("b", "error", None), answer, ("b", "error", "timed_out"))
    assert answer_violations(frame, TABLES[name]) == []


def verdicts(*judged: tuple[str, str]) -> pl.LazyFrame:
    """Rows of `critic__verdicts`: image and verdict."""
    made = [
        {"image_id": image, "critic": "c", "verdict": verdict, "finding": "no answer: timed_out"}
        for image, verdict in judged
    ]
    return pl.LazyFrame(made)


def test_a_critic_that_answered_nothing_is_found_beside_images_it_was_not_asked_about() -> None:
    frame = verdicts(
        ("a", "unjudged"), ("b", "discarded"), ("b", "valid"), ("c", "unjudged"), ("c", "unjudged")
    )
    (violation,) = answer_violations(frame, TABLES["critic__verdicts"])
    assert (violation.count, violation.examples) == (3, ("c (no answer: timed_out)",))


def test_a_critic_that_judged_one_field_answered() -> None:
    table = TABLES["critic__verdicts"]
    assert answer_violations(verdicts(("a", "unjudged"), ("b", "revisable")), table) == []
    assert answer_violations(verdicts(("a", "discarded"), ("a", "valid")), table) == []
