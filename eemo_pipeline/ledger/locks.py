"""Inter-process locks on a ledger. A lock is released when its process ends, even if killed."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from eemo_pipeline.ledger.database import Database


@contextmanager
def hold(database: Database, name: str) -> Iterator[bool]:
    """Try to acquire the named lock without blocking; yield whether it was acquired.

    SQLite: `flock` on a file next to the database file. PostgreSQL: a session-level advisory lock,
    since processes that share a ledger may run on machines that share no disk.
    """
    if database.dialect == "sqlite":
        place = Path(str(database.engine.url.database))
        with place.with_name(f"{place.name}.{name}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        return
    number = int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        taken = connection.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar_one()
        try:
            yield bool(taken)
        finally:
            if taken:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))
