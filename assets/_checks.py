"""Asset checks of every table, made from the schema and from `sql/checks/`.

The checks of a table run in one step, right after the table is written. Errors stop the tables
downstream, statistics warn. The rules themselves are in `schema/validate.py` and in SQL.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from textwrap import shorten

import dagster as dg
import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import DamagedTable, scan_table
from eemo_pipeline.lake.sql_checks import CheckOutcome, list_checks, read_check, run_check
from eemo_pipeline.lake.warehouse import open_tables
from eemo_pipeline.rendering.plots import preview_rows
from eemo_pipeline.schema.tables import TABLES, Table
from eemo_pipeline.schema.validate import (
    ANSWERED_BY,
    Violation,
    answer_violations,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)

_WIDEST_FINDING = 160  # characters
_Rule = Callable[[pl.LazyFrame, Table], list[Violation]]
_PROMISES: dict[str, tuple[str, _Rule]] = {
    "schema": (
        "Columns and types are as declared, only optional ones hold nulls, numbers are finite.",
        null_violations,
    ),
    "key": ("No two rows share a key.", key_violations),
    "vocabulary": ("Closed columns hold only their vocabulary.", vocabulary_violations),
    "ranges": ("Numbers lie in their column's range.", range_violations),
    "answers": ("Each model answered, declined or abstained at least once.", answer_violations),
}


def build_checks() -> list[dg.AssetChecksDefinition]:
    """One definition per table: schema, key, vocabulary, ranges, answers, and its SQL checks."""
    return [_build_table_checks(table) for table in TABLES.values()]


def _build_table_checks(table: Table) -> dg.AssetChecksDefinition:
    specs = [
        *(
            dg.AssetCheckSpec(name, asset=table.name, blocking=True, description=_PROMISES[name][0])
            for name in _rules_of(table)
        ),
        *(_spec_of(table.name, name) for name in list_checks(table.name)),
    ]

    @dg.multi_asset_check(name=f"{table.name}_checks", specs=specs, can_subset=True)
    def check(
        context: dg.AssetCheckExecutionContext, data_root: dg.ResourceParam[DataRoot]
    ) -> Iterator[dg.AssetCheckResult]:
        chosen = {key.name for key in context.selected_asset_check_keys}
        yield from _check_table(table, data_root, chosen)

    return check


def _rules_of(table: Table) -> list[str]:
    """The promises that can be broken: a table without closed columns has no vocabulary."""
    asks = table.name in ANSWERED_BY
    columns = table.definitions
    bounded = any(column.minimum is not None or column.maximum is not None for column in columns)
    closed = any(column.values for column in columns)
    return [
        *("schema", "key"),
        *["vocabulary"] * closed,
        *["ranges"] * bounded,
        *["answers"] * asks,
    ]


def _spec_of(table: str, check: str) -> dg.AssetCheckSpec:
    statement = read_check(table, check)
    return dg.AssetCheckSpec(
        check,
        asset=table,
        blocking=statement.severity == "error",
        description=statement.description,
    )


def _check_table(
    table: Table, data_root: DataRoot, chosen: set[str]
) -> Iterator[dg.AssetCheckResult]:
    result = partial(dg.AssetCheckResult, asset_key=table.name)
    try:
        frame = scan_table(data_root.tables, table.name)
    except DamagedTable as error:
        # Nothing else can be judged on other columns than the declared ones.
        for name in sorted(chosen):
            yield result(check_name=name, passed=False, description=str(error))
        return
    for name in filter(chosen.__contains__, _rules_of(table)):
        violations = _PROMISES[name][1](frame, table)
        found = _describe_violations(violations)
        yield result(
            check_name=name,
            passed=not violations,
            description="; ".join(f"{where}: {what}" for where, what in found.items()) or None,
            metadata=found,
        )
    statements = [name for name in list_checks(table.name) if name in chosen]
    if statements:
        texts = [read_check(table.name, name).sql for name in statements]
        with open_tables(data_root.tables, texts) as connection:
            for name in statements:
                outcome = run_check(connection, table.name, name)
                yield result(
                    check_name=name,
                    passed=outcome.bad_rows == 0,
                    severity=dg.AssetCheckSeverity(outcome.severity.upper()),
                    description=_say_finding(outcome),
                    metadata=_describe_outcome(outcome),
                )


def _say_finding(outcome: CheckOutcome) -> str | None:
    """Return the finding in words: how many rows the check returned, and the first of them."""
    if not outcome.bad_rows:
        return None
    rows = f"{outcome.bad_rows:,} row{'s' * (outcome.bad_rows != 1)}"
    if not outcome.examples:
        return rows
    first = ", ".join(
        f"{column} {value}" for column, value in outcome.examples[0].items() if value is not None
    )
    return f"{rows}, the first: {shorten(first, _WIDEST_FINDING, placeholder=' …')}"


def _describe_violations(violations: Sequence[Violation]) -> dict[str, str]:
    return {
        f"{violation.rule}: {violation.column}": f"{violation.count} rows, e.g. "
        + ", ".join(violation.examples or ("null",))
        for violation in violations
    }


def _describe_outcome(outcome: CheckOutcome) -> dict[str, object]:
    examples = pl.DataFrame(list(outcome.examples))
    found = {"examples": dg.MetadataValue.md(preview_rows(examples))} if outcome.examples else {}
    return {"bad_rows": outcome.bad_rows, **found}
