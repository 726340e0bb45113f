"""Chooses rows of a table by a condition in SQL that a person typed."""

import threading

import polars as pl

_SECONDS = 60.0


class BadCondition(Exception):
    """The condition is not SQL on the table's columns, or takes too long."""


def filter_rows(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """Return the rows that fulfil `where`, in their order.

    The condition sees the rows alone: no file, no other table, no setting.

    Args:
        frame: the rows.
        where: a condition in DuckDB's SQL.

    Raises:
        BadCondition: it cannot be evaluated.
    """
    import duckdb

    rows = frame.with_row_index("_place")
    with duckdb.connect() as connection:
        connection.execute("set enable_external_access = false")
        connection.execute("set python_enable_replacements = false")
        connection.register("_rows", rows.to_arrow())
        connection.execute("set lock_configuration = true")
        alarm = threading.Timer(_SECONDS, connection.interrupt)
        alarm.start()
        try:
            query = f"select _place from _rows where ({where}\n)"  # noqa: S608 (rows in memory)
            statements = connection.extract_statements(query)
            if len(statements) != 1:
                raise BadCondition("it is more than one condition")
            places = [place for (place,) in connection.execute(statements[0]).fetchall()]
        except (duckdb.Error, RuntimeError) as error:
            raise BadCondition(str(error).splitlines()[0]) from error
        finally:
            alarm.cancel()
    kept = pl.Series("_place", places, dtype=rows.schema["_place"])
    return rows.filter(pl.col("_place").is_in(kept.implode())).drop("_place")
