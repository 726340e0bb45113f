"""The review tool's tables in SQLite or PostgreSQL, through SQLAlchemy Core.

`events` is append-only: triggers refuse to change or delete a row. `slots` follows from the events
and can be rebuilt (`replay.py`). The rest is what the pipeline asked (`items`, `tasks`, `drafts`)
and who may answer (`raters`, `sessions`). `leases`, `frontiers` and `sessions` are of the moment
only.

SQLite is a file in WAL mode with `synchronous = full`: a stored event survives a crash. One process
writes; its threads write one at a time, and those that wait for one another share one commit
(`shared_commits.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from eemo_pipeline.web.shared_commits import SharedCommits

VARIABLE = "EEMO_REVIEW_URL"  # URL of a PostgreSQL database, if the events are not a file
METADATA = sa.MetaData()
_WAIT_S = 30
_IS_WRITING = "eemo_is_writing"


class ReviewStoreProblem(Exception):
    """The review database cannot be used; the message says why and what helps."""


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **options)


def _number(name: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, **options)


EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _text("event_id", unique=True),
    _number("recorded_ms"),
    sa.Column("client_ms", sa.BigInteger),
    _text("session"),
    _text("rater_id"),
    sa.Column("task_id", sa.Text),
    sa.Column("image_id", sa.Text),
    _text("kind"),
    sa.Column("field", sa.Text),
    sa.Column("value", sa.Text),
    sa.Column("base_value", sa.Text),
    sa.Column("duration_ms", sa.BigInteger),
    _text("versions"),
    _text("previous_hash"),
    _text("hash"),
)
sa.Index("events_of_a_task", EVENTS.c.task_id, EVENTS.c.rater_id)
sa.Index("events_of_a_rater", EVENTS.c.rater_id, EVENTS.c.seq)
ITEMS = sa.Table(
    "items",
    METADATA,
    _text("image_id", primary_key=True),
    _text("source"),
    _text("path"),
    _number("width_px"),
    _number("height_px"),
    sqlite_with_rowid=False,
)
DRAFTS = sa.Table(
    "drafts",
    METADATA,
    _text("image_id", primary_key=True),
    _text("field", primary_key=True),
    _text("value"),
    _text("annotator"),
    _text("finding"),
    _text("version"),
    sqlite_with_rowid=False,
)
TASKS = sa.Table(
    "tasks",
    METADATA,
    _text("task_id", primary_key=True),
    _text("image_id"),
    _text("queue"),
    _text("fields"),
    sa.Column("priority", sa.Float, nullable=False),
    _text("tiebreak"),
    # What a machine said: for the order of images and the lists of what people avoid. Sent to
    # nobody before their own judgement is stored.
    sa.Column("machine_emotion", sa.Text),
    sa.Column("machine_valence", sa.Float),
    # What people elsewhere felt, where that is known; sent to administrators alone, as a summary.
    sa.Column("gold", sa.Text),
    sa.Column("asked_share", sa.Float),
    sa.Column("probe_field", sa.Text),
    sa.Column("probe_value", sa.Text),
    _number("wanted"),
    _number("taken"),
    _number("skipped"),
    _text("state"),
    # When the task came in: none of a task that a person is asked for a second time.
    sa.Column("added_ms", sa.BigInteger),
    sqlite_with_rowid=False,
)
# In the order in which tasks are handed out, with all that decides whether one fits a person.
sa.Index(
    "open_tasks",
    TASKS.c.state,
    TASKS.c.queue,
    TASKS.c.priority.desc(),
    TASKS.c.tiebreak,
    TASKS.c.machine_valence,
    TASKS.c.machine_emotion,
    TASKS.c.image_id,
)
_FORMER_INDEXES = ("next_tasks",)  # dropped where a database still has them
SLOTS = sa.Table(
    "slots",
    METADATA,
    _text("task_id", primary_key=True),
    _text("rater_id", primary_key=True),
    _text("state"),
    sa.Column("emotion", sa.Text),
    sa.Column("valence", sa.BigInteger),
    _number("first_seq"),
    _number("last_seq"),
    sqlite_with_rowid=False,
)
sa.Index("slots_of_a_rater", SLOTS.c.rater_id, SLOTS.c.state)
sa.Index("slots_in_order", SLOTS.c.rater_id, SLOTS.c.first_seq)
LEASES = sa.Table(
    "leases",
    METADATA,
    _text("task_id", primary_key=True),
    _text("rater_id", primary_key=True),
    _number("until_ms", index=True),
    sqlite_with_rowid=False,
)
FRONTIERS = sa.Table(
    "frontiers",
    METADATA,
    _text("rater_id", primary_key=True),
    _text("queue", primary_key=True),
    _text("avoided"),
    sa.Column("priority", sa.Float, nullable=False),
    _text("tiebreak"),
    sqlite_with_rowid=False,
)
RATERS = sa.Table(
    "raters",
    METADATA,
    _text("rater_id", primary_key=True),
    _text("name", unique=True),
    _text("role"),
    sa.Column("link_hash", sa.Text, unique=True),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("consent_version", sa.Text),
    _text("avoided", server_default="[]"),
    sa.Column("guide_version", sa.Text),
    sa.Column("keymap", sa.Text),
    # Null for people of an earlier version: they keep the order and the scales that they know.
    sa.Column("emotion_turn", sa.BigInteger),
    sa.Column("rating_input", sa.Text),
    sqlite_with_rowid=False,
)
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    _text("session_hash", primary_key=True),
    _text("rater_id"),
    _text("csrf"),
    _number("expires_ms"),
    sqlite_with_rowid=False,
)

_TRIGGERS = {
    "sqlite": [
        f"create trigger if not exists events_refuse_{verb} before {verb} on events "
        "begin select raise(abort, 'events are never changed or deleted'); end"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "create or replace function refuse_change() returns trigger language plpgsql as "
        "$$ begin raise exception 'events are never changed or deleted'; end $$",
        "create or replace trigger events_refuse_change before update or delete or truncate "
        "on events for each statement execute function refuse_change()",
    ],
}


class ReviewDatabase:
    """One database of the review tool; its threads share one writer."""

    def __init__(self, place: Path | str) -> None:
        """Open a file, or a PostgreSQL URL, and create missing tables and columns.

        Raises:
            ReviewStoreProblem: it cannot be opened.
        """
        self.place = place
        try:
            self.engine = _create_engine(place)
            self.writers = SharedCommits(self.engine.execution_options(**{_IS_WRITING: True}))
            with self.writing() as connection:
                METADATA.create_all(connection)
                _add_missing_columns(connection)
                for statement in _TRIGGERS[self.engine.dialect.name]:
                    connection.exec_driver_sql(statement)
        except (SQLAlchemyError, ImportError) as error:
            raise ReviewStoreProblem(_explain(error)) from None

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a write transaction: all of it is on disk when the block ends, or nothing."""
        with self.writers.part() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one state of the database."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _create_engine(place: Path | str) -> sa.Engine:
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(place)),
            hide_parameters=True,
            connect_args={"timeout": _WAIT_S},
        )
        event.listen(engine, "connect", _set_durable)
        event.listen(engine, "begin", _begin)
        return engine
    url = sa.make_url(place)
    if url.get_backend_name() != "postgresql":
        raise ReviewStoreProblem(
            f"{VARIABLE} names {url.get_backend_name()}; write postgresql://USER:PASSWORD@HOST/NAME"
        )
    return sa.create_engine(url.set(drivername="postgresql+psycopg"), hide_parameters=True)


def _add_missing_columns(connection: sa.Connection) -> None:
    """Add columns and indexes that a database of an earlier version lacks; columns allow null."""
    found = sa.inspect(connection)
    quote = connection.dialect.identifier_preparer.quote
    for table in METADATA.sorted_tables:
        known = {column["name"] for column in found.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                kind = column.type.compile(connection.dialect)
                added = f"{quote(table.name)} add column {quote(column.name)} {kind}"
                connection.exec_driver_sql(f"alter table {added}")
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    for name in _FORMER_INDEXES:
        connection.exec_driver_sql(f"drop index if exists {name}")


def _set_durable(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # `_begin` begins transactions, not the driver
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")


def _begin(connection: sa.Connection) -> None:
    # A transaction that reads first and writes then could fail half-way; this one waits at once.
    is_writing = connection.get_execution_options().get(_IS_WRITING)
    connection.exec_driver_sql("begin immediate" if is_writing else "begin")


def _explain(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "the driver of PostgreSQL is missing: pip install 'eemo-pipeline[postgres]'"
    # A URL holds a password, so only the driver's words are shown.
    return str(getattr(error, "orig", None) or type(error).__name__)
