"""The ledger's tables in SQLite or PostgreSQL, through SQLAlchemy Core.

Opens the database, and has one method per statement. The tables are in `tables.py`, the meaning of
the rows is documented in `store.py`; sums and exports are in `accounts.py`.

SQLite is a file in WAL mode with `synchronous = full`: when a commit returns, its data is on disk.
PostgreSQL guarantees the same by default. Error messages never contain a password.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from eemo_pipeline.ledger.tables import (
    ANSWERS,
    ATTEMPTS,
    BATCH_ROWS,
    FILES,
    PASSES,
    SENT_CALLS,
    create_tables,
)

_WAIT_S = 60  # timeout of waiting for another process that is writing
_KEYS_AT_ONCE = 20_000
# One array parameter instead of one placeholder per key, so that the statement is prepared once.
_OF_KEYS = {
    "sqlite": "key in (select value from json_each(:keys))",
    "postgresql": "key = any(:keys)",
}
_END_CALL = SENT_CALLS.delete().where(SENT_CALLS.c.call_id == sa.bindparam("ended"))
_ENDING = ("outcome", "reason", "nano_usd", "reply", "complaint")
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class LedgerProblem(Exception):
    """The ledger cannot be opened; the message names the ledger, the cause and the remedy."""


class Database:
    """An open database with the ledger's tables. Thread-safe; one writer at a time."""

    def __init__(self, place: Path | str) -> None:
        """Open a file or a URL, creating missing tables.

        Raises:
            LedgerProblem: the database cannot be reached, or the file is not a database.
        """
        url = _read_url(place)
        self.shown = _show(url)
        self.engine = _create_engine(url)
        self.dialect = self.engine.dialect.name
        self._writing = threading.Lock()
        if why := _try(lambda: create_tables(self.engine)):
            self.engine.dispose()
            # Raised outside of the handler: the driver's message may contain the URL.
            raise LedgerProblem(
                f"the ledger {self.shown} cannot be used: {_without_secrets(why, url)}. "
                "`eemo doctor` looks at it"
            )

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def find_answers(self, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield (key, answer) of the keys that have an answer, as they are read."""
        return self._select("key, answer", keys)

    def find_keys(self, keys: Iterable[str]) -> set[str]:
        """Return the keys that have an answer."""
        return {row[0] for row in self._select("key", keys)}

    def has_outcome(self, provider: str, model: str, outcomes: Sequence[str]) -> bool:
        """Return whether any attempt of the model has one of the outcomes."""
        chosen = ATTEMPTS.c.provider == provider, ATTEMPTS.c.model == model
        query = sa.select(sa.exists().where(*chosen, ATTEMPTS.c.outcome.in_(outcomes)))
        with self.engine.connect() as connection:
            return bool(connection.execute(query).scalar_one())

    def write(
        self,
        attempts: Sequence[Mapping[str, Any]] = (),
        answers: Sequence[Mapping[str, Any]] = (),
        passes: Sequence[Mapping[str, Any]] = (),
        files: Sequence[Mapping[str, Any]] = (),
        endings: Sequence[Mapping[str, Any]] = (),
        sent: Sequence[Mapping[str, Any]] = (),
        ended: Sequence[int] = (),
    ) -> Sequence[Mapping[str, Any]]:
        """Write rows in one durable transaction; existing answers are kept.

        `endings` are final outcomes of rows of one batch. If a row already has an outcome, neither
        the attempt nor the answer of its key is written. `sent` are calls without an outcome, and
        `ended` the call_ids of those that have none no longer.

        Returns:
            The attempts that were written.
        """
        insert = _INSERT[self.dialect]
        with self.writing() as connection:
            if endings:
                known = {row["key"] for row in endings} - _end_rows(connection, endings)
                attempts = [row for row in attempts if row["key"] not in known]
                answers = [row for row in answers if row["key"] not in known]
            if sent:
                connection.execute(SENT_CALLS.insert(), sent)
            if ended:
                connection.execute(_END_CALL, [{"ended": call_id} for call_id in ended])
            if attempts:
                connection.execute(ATTEMPTS.insert(), attempts)
            if answers:
                connection.execute(insert(ANSWERS).on_conflict_do_nothing(), answers)
            for table, rows in ((PASSES, passes), (FILES, files)):
                if rows:
                    connection.execute(_replace(insert(table), table), rows)
        return attempts

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a write transaction; threads that share this object write one at a time."""
        with self._writing, self.engine.begin() as connection:
            yield connection

    def read_files(self, root: str) -> Iterable[Any]:
        """Return (path, size_bytes, modified_ns, image_id) of the known files under `root`."""
        columns = (FILES.c.path, FILES.c.size_bytes, FILES.c.modified_ns, FILES.c.image_id)
        with self.engine.connect() as connection:
            return connection.execute(sa.select(*columns).where(FILES.c.root == root)).all()

    def _select(self, columns: str, keys: Iterable[str]) -> Iterator[Any]:
        statement = sa.text(f"select {columns} from answers where {_OF_KEYS[self.dialect]}")  # noqa: S608
        ordered = sorted(keys)  # adjacent keys share index pages
        with self.engine.connect() as connection:
            for start in range(0, len(ordered), _KEYS_AT_ONCE):
                chunk: Any = ordered[start : start + _KEYS_AT_ONCE]
                bound = '["' + '","'.join(chunk) + '"]' if self.dialect == "sqlite" else chunk
                yield from connection.execute(statement, {"keys": bound}).all()


def _end_rows(connection: sa.Connection, endings: Sequence[Mapping[str, Any]]) -> set[str]:
    """Set the outcome of batch rows that have none; return the keys of the updated rows."""
    ended: set[str] = set()
    for row in endings:
        statement = (
            BATCH_ROWS.update()
            .where(BATCH_ROWS.c.token == row["token"], BATCH_ROWS.c.key == row["key"])
            .where(BATCH_ROWS.c.outcome.is_(None))
            .values({name: row[name] for name in _ENDING})
            .returning(BATCH_ROWS.c.key)
        )
        ended.update(connection.execute(statement).scalars())
    return ended


def _replace(statement: Any, table: sa.Table) -> Any:
    values = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)


def look_at(url_text: str) -> tuple[str, int | None]:
    """Return the database's name for display and its number of answers.

    The number is None if the database has no ledger yet. No tables are created.

    Raises:
        LedgerProblem: the database cannot be reached.
    """
    url = _read_url(url_text)
    engine = _create_engine(url)
    counted: list[int] = []

    def count() -> None:
        if sa.inspect(engine).has_table("answers"):
            with engine.connect() as connection:
                query = sa.select(sa.func.count()).select_from(ANSWERS)
                counted.append(connection.execute(query).scalar_one())

    why = _try(count)
    engine.dispose()
    if why:
        raise LedgerProblem(f"{_show(url)}: {_without_secrets(why, url)}")
    return _show(url), counted[0] if counted else None


def _try(action: Callable[[], None]) -> str:
    """Run the action and return the database's error message; empty if there was no error."""
    try:
        action()
    except SQLAlchemyError as error:
        return str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return ""


def _read_url(place: Path | str) -> sa.URL:
    if isinstance(place, Path) or "://" not in place:
        path = Path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        return sa.URL.create("sqlite", database=str(path))
    try:
        url = sa.make_url(place)
        name = url.get_backend_name()
    except (ArgumentError, ValueError):
        url, name = None, ""
    if url is None:  # raised outside of the handler: the chained error would show the URL
        raise LedgerProblem(
            "the ledger's URL cannot be read. Write EEMO_LEDGER_URL as "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special characters as %XX"
        )
    if name not in _INSERT:
        raise LedgerProblem(
            f"the ledger cannot be kept in {name}. Name a database of PostgreSQL or SQLite in "
            "EEMO_LEDGER_URL, or unset it"
        )
    return url.set(drivername="postgresql+psycopg") if name == "postgresql" else url


def _show(url: sa.URL) -> str:
    """Return the URL for display, without the password and the query, which may contain one."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.username or ''}@{url.host or ''}{port}/{url.database or ''}"


def _without_secrets(text: str, url: sa.URL) -> str:
    for secret in (url.password, url.query.get("password"), url.query.get("sslpassword")):
        if secret:
            text = text.replace(str(secret), "[password]")
    return text


def _create_engine(url: sa.URL) -> sa.Engine:
    # `hide_parameters` keeps answers and the images' texts out of error messages.
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": _WAIT_S})
        event.listen(engine, "connect", _set_durable)
        return engine
    try:
        return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
    except ImportError:
        raise LedgerProblem(
            "the ledger is in PostgreSQL, and its driver is not installed: "
            "pip install 'eemo-pipeline[postgres]'"
        ) from None


def _set_durable(connection: Any, _: Any) -> None:
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma cache_size = -65536")  # 64 MiB: an upper level of every index
