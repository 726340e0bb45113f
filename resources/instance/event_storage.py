"""Dagster's storage of runs and events in SQLite, with cached engines for speed.

Changes only how the files are opened; their content is Dagster's own. A run that starts here also
closes the runs that were killed (`live_runs.py`), and a run of the command line is stored under the
code location of the pages.

A run of the graph has about 1,600 events, each with several statements in two files. Dagster 1.13
creates a new SQLAlchemy engine and connection for every event, and a new engine compiles every
statement again; this took longer than building all tables. Here each file keeps one engine, and the
existence of tables and columns is checked once. A file in SQLite's WAL mode then changes only
occasionally. The pages of the UI, which otherwise wait for the file to change, therefore poll its
content, as they do with PostgreSQL.

Remove this module when Dagster itself reuses the engines of its SQLite storage.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.event_api import EventHandlerFn
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, SqliteStorageConfig
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._serdes import ConfigurableClassData
from sqlalchemy import event

from resources.instance.live_runs import LiveRuns

# The code location of workspace.yaml, and Dagster's name for the one repository in it.
_LOCATION = "eemo_pipeline"
_MODULE = "eemo_pipeline.definitions"
_REPOSITORY = "__repository__"
_WAIT_S = 60  # longest wait for another process's write lock, in seconds
_MOST_ENGINES = 32  # largest number of open files
_ENDS = {
    dg.DagsterEventType.RUN_SUCCESS,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELED,
}


class RunHistory(DagsterSqliteStorage):
    """`storage: custom` of dagster.yaml, with `base_dir`; its files are in Dagster's format."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open the files, and create missing ones."""
        super().__init__(base_dir, inst_data)
        self.live_runs = LiveRuns(Path(base_dir) / "alive")
        self._event_log_storage = EventLog(self._event_log_storage._base_dir)
        self._run_storage = RunRecords(self._run_storage._conn_string)
        self._run_storage.live_runs = self.live_runs

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: SqliteStorageConfig
    ) -> "RunHistory":
        """Build the storage from its configuration in dagster.yaml."""
        return cls.from_local(config_value["base_dir"], inst_data)


class RunRecords(SqliteRunStorage):
    """Dagster's runs; a run is marked as alive from its start to its end, in its own process."""

    live_runs: LiveRuns

    def add_run(self, dagster_run: dg.DagsterRun) -> dg.DagsterRun:
        """Store a run. One of the command line gets the code location that the pages know.

        The timeline and the pages of a job show the runs of a code location. A run that is started
        in a process of its own names none.
        """
        if dagster_run.remote_job_origin is None:
            origin = _describe_code_location().get_job_origin(dagster_run.job_name)
            dagster_run = dagster_run._replace(remote_job_origin=origin)
        return super().add_run(dagster_run)

    def handle_run_event(
        self, run_id: str, event: dg.DagsterEvent, update_timestamp: datetime | None = None
    ) -> None:
        """Record the new status of a run. Before a run starts, those that were killed are closed.

        Only the process of a run reports its start, whoever launched it.
        """
        is_start = event.event_type == dg.DagsterEventType.RUN_START
        if is_start:
            self.live_runs.enter(run_id)
            self.live_runs.close_killed(self._instance)
        super().handle_run_event(run_id, event, update_timestamp)
        if event.event_type in _ENDS:
            self.live_runs.leave(run_id)


class EventLog(SqliteEventLogStorage):
    """Dagster's events, with one engine per file."""

    def __init__(self, base_dir: str) -> None:
        """Open the files, and create missing ones."""
        self._engines: dict[str, sa.Engine] = {}  # least recently used first
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        super().__init__(base_dir)
        self._watcher = SqlPollingEventWatcher(self)

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call `callback` with every new event of a run."""
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: EventHandlerFn) -> None:
        """Stop calling the handler."""
        self._watcher.unwatch_run(run_id, handler)

    def has_table(self, table_name: str) -> bool:
        """Return whether the index has the table; a positive result is cached."""
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
        """Delete all events, including the files of the runs."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the files; the log cannot be used afterwards."""
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


def _describe_code_location() -> RemoteRepositoryOrigin:
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=_MODULE)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, _LOCATION)
    return RemoteRepositoryOrigin(location, _REPOSITORY)


def _set_fast(connection: Any, _: Any) -> None:
    # A power failure can lose the last events but not corrupt the file. Paid answers are in the
    # ledger.
    connection.execute("pragma synchronous = normal")
