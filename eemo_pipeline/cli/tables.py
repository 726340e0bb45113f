"""Finds a table of the data root by the name that was typed."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from eemo_pipeline.cli.data_root import require_data_root
from eemo_pipeline.cli.output import clean
from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, making_commands, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    import polars as pl

    from eemo_pipeline.schema.tables import Table


def find_table(root: DataRoot, name: str) -> "Table":
    """Return the table of this name, which has been built.

    Raises:
        Problem: there is no such table, or no run has built it.
    """
    from eemo_pipeline.schema.tables import TABLES

    require_data_root(root)
    if name not in TABLES:
        near = get_close_matches(name, TABLES, 1)
        raise wrong_usage(
            f"there is no table {clean(name)!r}",
            shown(root.tables),
            f"did you mean {near[0]}?" if near else "no table has a similar name",
            command("status", root),
        )
    table = TABLES[name]
    place = root.tables / (name if table.is_partitioned else f"{name}.parquet")
    if not place.exists():
        raise Problem(
            f"the table {name} has not been built",
            shown(place),
            "no such file",
            *making_commands(root),
        )
    return table


def read_table(root: DataRoot, table: "Table") -> "pl.DataFrame":
    """Return the rows of a table in key order, with all edits: also those that no run applied yet.

    Raises:
        Problem: the table or its edits cannot be read.
    """
    from eemo_pipeline.lake.edits import DamagedEdits, apply_edits, read_edits
    from eemo_pipeline.lake.parquet import DamagedTable, scan_table

    try:
        frame = scan_table(root.tables, table.name).collect().sort(table.key)
        return apply_edits(frame, table, read_edits(root.gate, table.name)).frame
    except (DamagedTable, DamagedEdits) as error:
        raise Problem(
            f"the table {table.name} cannot be read",
            shown(root.path),
            clean(str(error)),
            command("run", root, " # builds the tables again"),
        ) from error


def choose_rows(root: DataRoot, table: "Table", where: str) -> "pl.DataFrame":
    """Return the rows of a table that fulfil a condition in SQL.

    Raises:
        Problem: the condition is not SQL on the table, or the table cannot be read.
    """
    from eemo_pipeline.lake.row_filter import BadCondition, filter_rows

    try:
        return filter_rows(read_table(root, table), where)
    except BadCondition as error:
        raise wrong_usage(
            "the condition is not SQL on this table",
            f"--where {clean(where)}",
            clean(str(error)),
            command(f'sql "describe {table.name}"', root),
        ) from error
