"""The ledger's tables, and their creation in a new or an older database.

`database.py` reads and writes them; the meaning of the rows is documented in `store.py`.
"""

from typing import Any

import sqlalchemy as sa

_LOCK = 0x65656D6F  # PostgreSQL's advisory lock while tables are created: "eemo" in ASCII
_METADATA = sa.MetaData()


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **options)


def _integer(name: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, **options)


# Columns added after the first version: `answers.stage`, `answers.provider`, `attempts.said` and
# `attempts.bound_nano_usd`. Opening an older ledger adds them.
ANSWERS = sa.Table(
    "answers",
    _METADATA,
    _text("key", primary_key=True),
    _text("role"),
    _text("model"),
    _text("image_id"),
    _text("answer"),
    _text("stage", server_default=""),
    _text("provider", server_default="embedded"),
    sqlite_with_rowid=False,
)
ATTEMPTS = sa.Table(
    "attempts",
    _METADATA,
    sa.Column("attempt_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _text("recorded_at"),
    _text("run_id"),
    _text("key"),
    _text("stage"),
    _text("role"),
    _text("provider"),
    _text("model"),
    _text("image_id"),
    _text("outcome"),
    sa.Column("reason", sa.Text),
    sa.Column("input_tokens", sa.BigInteger),
    sa.Column("output_tokens", sa.BigInteger),
    sa.Column("cached_tokens", sa.BigInteger),
    sa.Column("nano_usd", sa.BigInteger),
    _integer("latency_ms"),
    sa.Column("is_batch", sa.Boolean, nullable=False),
    sa.Column("said", sa.Text),
    sa.Column("bound_nano_usd", sa.BigInteger),
)
# Calls that were announced and have no outcome: in flight, or lost with their process.
SENT_CALLS = sa.Table(
    "sent_calls",
    _METADATA,
    sa.Column("call_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("recorded_at"),
    _text("run_id"),
    _text("key"),
    _text("stage"),
    _text("role"),
    _text("provider"),
    _text("model"),
    _text("image_id"),
    _integer("bound_nano_usd"),
    sqlite_with_rowid=False,
)
# Answers that were set aside so that their questions are asked again; see `retirement.py`.
PAST_ANSWERS = sa.Table(
    "past_answers",
    _METADATA,
    _text("key", primary_key=True),
    _text("retired_at", primary_key=True),
    _text("role"),
    _text("model"),
    _text("image_id"),
    _text("answer"),
    _text("stage"),
    _text("provider"),
    _text("condition"),
    sa.Column("finished_at", sa.Text),
    sqlite_with_rowid=False,
)
PASSES = sa.Table(
    "passes",
    _METADATA,
    _text("stage", primary_key=True),
    _text("role", primary_key=True),
    _text("provider", primary_key=True),
    _text("model", primary_key=True),
    _integer("asked"),
    _integer("found"),
    sqlite_with_rowid=False,
)
FILES = sa.Table(
    "files",
    _METADATA,
    _text("root", primary_key=True),
    _text("path", primary_key=True),
    _integer("size_bytes"),
    _integer("modified_ns"),
    _text("image_id"),
    sqlite_with_rowid=False,
)
BATCHES = sa.Table(
    "batches",
    _METADATA,
    _text("token", primary_key=True),
    _text("recorded_at"),
    _text("provider"),
    _text("model"),
    _text("stage"),
    _text("role"),
    _text("state"),
    sa.Column("remote_id", sa.Text),
    _integer("row_count"),
    _integer("size_bytes"),
    _integer("bound_nano_usd"),
    _integer("stray_count", server_default="0"),
    sqlite_with_rowid=False,
)
BATCH_ROWS = sa.Table(
    "batch_rows",
    _METADATA,
    _text("token", primary_key=True),
    _text("key", primary_key=True),
    _text("image_id"),
    sa.Column("outcome", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("nano_usd", sa.BigInteger),
    sa.Column("reply", sa.Text),
    sa.Column("complaint", sa.Text),
    sqlite_with_rowid=False,
)
# No question waits in two batches, even with concurrent submitters.
sa.Index(
    "one_batch_per_waiting_question",
    BATCH_ROWS.c.key,
    unique=True,
    sqlite_where=BATCH_ROWS.c.outcome.is_(None),
    postgresql_where=BATCH_ROWS.c.outcome.is_(None),
)


def create_tables(engine: sa.Engine) -> None:
    """Create missing tables, indexes and columns."""
    if _is_complete(engine):
        return
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("begin immediate")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        for table in _METADATA.sorted_tables:
            connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))
        present = {column["name"] for column in sa.inspect(connection).get_columns("answers")}
        for column in (ANSWERS.c.stage, ANSWERS.c.provider):
            if column.name not in present:
                default = column.server_default.arg  # type: ignore[union-attr]
                added = f"{column.name} text not null default '{default}'"
                connection.exec_driver_sql(f"alter table answers add column {added}")
        present = {column["name"] for column in sa.inspect(connection).get_columns("attempts")}
        for name, kind in (("said", "text"), ("bound_nano_usd", "bigint")):
            if name not in present:
                connection.exec_driver_sql(f"alter table attempts add column {name} {kind}")
        connection.commit()


def _is_complete(engine: sa.Engine) -> bool:
    found = sa.inspect(engine)
    if not set(_METADATA.tables) <= set(found.get_table_names()):
        return False
    return all(
        {column["name"] for column in found.get_columns(table.name)} >= set(table.c.keys())
        for table in (ANSWERS, ATTEMPTS)
    )
