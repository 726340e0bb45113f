"""Dagster's record of runs and events in SQLite, at a fraction of the time.

Belongs here: how its files are opened. Does not belong here: what is in them, and what is ours
(the ledger).

A run of the graph is some 1,600 events, each of them several statements in two files. Dagster 1.13
makes a new SQLAlchemy engine and a new connection for every one, and an engine begins by compiling
each statement anew: that took longer than all tables together. Here a file has one engine for as
long as the process lives, and is asked once which tables and columns it has. A file in SQLite's WAL
mode then changes only now and then, so the pages of the UI, which wait for the file to change, look
into it instead, as they do with PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster._core.event_api import EventHandlerFn
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, SqliteStorageConfig
from dagster._serdes import ConfigurableClassData
from sqlalchemy import event

_WAIT_S = 60  # for another process that is writing
_MOST_ENGINES = 32  # files of runs that are open at once


class RunHistory(DagsterSqliteStorage):
    """`storage: custom` of dagster.yaml; takes `base_dir`, the files are Dagster's own."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open the files, making those that are missing."""
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: SqliteStorageConfig
    ) -> "RunHistory":
        """As Dagster makes it from dagster.yaml."""
        return cls.from_local(config_value["base_dir"], inst_data)


class EventLog(SqliteEventLogStorage):
    """Dagster's events, with one engine per file."""

    def __init__(self, base_dir: str) -> None:
        """Open the files, making those that are missing."""
        self._engines: dict[str, sa.Engine] = {}  # the latest used last
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        super().__init__(base_dir)
        self._watcher = SqlPollingEventWatcher(self)

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call back with every new event of a run."""
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: EventHandlerFn) -> None:
        """Call back no more."""
        self._watcher.unwatch_run(run_id, handler)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has the table; one that it has, it keeps."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_col_on_connection(self, conn: sa.Connection, column_name: str) -> bool:
        if column_name not in self._columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._columns.add(column_name)
        return column_name in self._columns

    def wipe(self) -> None:
        """Delete all events, with the files of the runs."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the files; the log is not usable afterwards."""
        self._watcher.close()
        self._close()

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            engine = self._engines[shard] = self._engines.pop(shard, None) or self._create(shard)
            if len(self._engines) > _MOST_ENGINES:
                self._engines.pop(next(iter(self._engines))).dispose()
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _create(self, shard: str) -> sa.Engine:
        engine = sa.create_engine(
            self.conn_string_for_shard(shard), connect_args={"timeout": _WAIT_S}
        )
        event.listen(engine, "connect", _set_fast)
        return engine


def _set_fast(connection: Any, _: Any) -> None:
    # A power cut may take the last events, never the file; what was paid for is in the ledger.
    connection.execute("pragma synchronous = normal")
