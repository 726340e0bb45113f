"""Locks that processes hold over a ledger, and that end with the process, however it ends.

Belongs here: holding one. Does not belong here: what it protects.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from eemo_pipeline.ledger.database import Database


@contextmanager
def hold(database: Database, name: str) -> Iterator[bool]:
    """Whether the lock of that name is held here now; it is not where another holds it.

    SQLite: a lock on a file beside the database's. PostgreSQL: an advisory lock of a connection,
    for those that share a ledger need not share a disk.
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
