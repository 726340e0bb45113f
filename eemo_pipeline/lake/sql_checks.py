"""Lists and runs the checks of `sql/checks/`, each a file that returns the bad rows.

The tables are opened in `warehouse.py`; the consequences of a failed check are in
`assets/_checks.py`.
"""

from dataclasses import dataclass

import duckdb

from eemo_pipeline.lake.sql_files import Statement, read_folder
from eemo_pipeline.lake.warehouse import WarehouseError

_EXAMPLES = 5


@dataclass(frozen=True)
class CheckOutcome:
    """The result of a check.

    Attributes:
        name: stem of the file.
        description: the rule, from the file's leading comment.
        severity: "error", or "warn" for a statistic that deserves a look.
        bad_rows: how many rows break the rule; 0 is a pass.
        examples: up to five of them, values as text.
    """

    name: str
    description: str
    severity: str
    bad_rows: int
    examples: tuple[dict[str, str], ...]


def list_checks(table: str) -> list[str]:
    """Return the names of the checks of a table, sorted; none where it has no folder."""
    return [statement.name for statement in read_folder(f"checks/{table}")]


def read_check(table: str, check: str) -> Statement:
    """Return a check's rule, severity and SQL, without running it.

    Raises:
        WarehouseError: the table has no such check.
    """
    for statement in read_folder(f"checks/{table}"):
        if statement.name == check:
            return statement
    raise WarehouseError(
        f"{table} has no check {check!r}; it has {', '.join(list_checks(table)) or 'none'}. "
        f"Add sql/checks/{table}/{check}.sql or correct the name."
    )


def run_check(connection: duckdb.DuckDBPyConnection, table: str, check: str) -> CheckOutcome:
    """Run one check of `sql/checks/<table>/` on the connection of `open_tables`."""
    statement = read_check(table, check)
    counting = f"select count(*) from ({statement.sql})"  # noqa: S608 (our own file)
    (bad_rows,) = connection.execute(counting).fetchone() or (0,)
    examples: tuple[dict[str, str], ...] = ()
    if bad_rows:
        found = connection.execute(statement.sql)
        columns = [column[0] for column in found.description or ()]
        examples = tuple(
            {column: str(value) for column, value in zip(columns, row, strict=True)}
            for row in found.fetchmany(_EXAMPLES)
        )
    return CheckOutcome(check, statement.description, statement.severity, bad_rows, examples)
