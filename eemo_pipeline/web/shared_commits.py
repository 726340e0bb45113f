"""Commits that threads share: those that wait for one another cost one fsync together.

A commit waits for the disk, which takes longer than what it stores. The threads still write one at
a time. Where others wrote before it in the same transaction, a thread writes behind a savepoint, so
that what it gives up takes nothing from them. The last one, behind which nobody waits, commits for
all (group commit; DeWitt et al. 1984, "Implementation techniques for main memory database systems",
section 5).

No thread goes on before the commit is on disk, not even one that failed: what it found may have
been written by another and not be stored yet.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

_MOST_PARTS = 16  # a commit does not wait for more


class _Batch:
    """An open transaction, and what became of it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.connection = engine.connect()
        self.parts = 0
        self.is_over = threading.Event()
        self.error: Exception | None = None

    def end(self, error: Exception | None = None) -> None:
        """Commit, or roll back what an error has spoilt; wake all who wait."""
        self.error = error
        try:
            if error is None:
                self.connection.commit()
        except Exception as fault:  # noqa: BLE001 - every thread of the batch raises it
            self.error = fault
        finally:
            try:
                if self.error is not None:
                    self.connection.invalidate()  # whatever is open in it is not used again
                self.connection.close()
            finally:
                self.is_over.set()


class SharedCommits:
    """Write transactions of many threads, one after the other, with few commits.

    Attributes:
        waiting: how many threads wait for their turn.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Write through `engine`."""
        self.waiting = 0
        self._engine = engine
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._batch: _Batch | None = None

    @contextmanager
    def part(self) -> Iterator[sa.Connection]:
        """Run the block in a transaction; return once it is on disk.

        Raises:
            SQLAlchemyError: the transaction failed; nothing of the block was stored.
        """
        batch = self._take_turn()
        error: Exception | None = None
        try:
            with _keep_apart(batch.connection):
                yield batch.connection
        except _Spoilt as spoilt:
            error = spoilt.error
            raise error from None
        finally:
            self._leave(batch, error)
            batch.is_over.wait()
            if error is None and batch.error is not None:
                raise batch.error

    def _take_turn(self) -> _Batch:
        with self._counting:
            self.waiting += 1
        self._turn.acquire()
        with self._counting:
            self.waiting -= 1
        try:
            if self._batch is None:
                self._batch = _Batch(self._engine)
        except BaseException:
            self._turn.release()
            raise
        return self._batch

    def _leave(self, batch: _Batch, error: Exception | None) -> None:
        try:
            batch.parts += 1
            if error is not None or not self.waiting or batch.parts >= _MOST_PARTS:
                self._batch = None
                batch.end(error)
        finally:
            self._turn.release()


class _Spoilt(Exception):
    """A part ended in a way that undoes the parts before it."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


@contextmanager
def _keep_apart(connection: sa.Connection) -> Iterator[None]:
    """Undo what the block did where it fails, and nothing else.

    Raises:
        _Spoilt: the database undid everything by itself, as SQLite does where the disk is full.
    """
    if not connection.in_transaction():
        with_others, part = False, connection.begin()
    else:
        with_others, part = True, connection.begin_nested()
    try:
        yield
    except BaseException as error:
        _end(part.rollback, error if isinstance(error, Exception) else None)
        raise
    if with_others:
        _end(part.commit, None)


def _end(end_part: Callable[[], None], cause: Exception | None) -> None:
    try:
        end_part()
    except SQLAlchemyError as error:
        raise _Spoilt(cause or error) from None
