"""Threads that wait for one another share a commit, and each is told the truth about its part."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from eemo_pipeline.web.database import SESSIONS, ReviewDatabase

_PEOPLE = 10
Part = Callable[[sa.Connection, int], None]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[ReviewDatabase]:
    with closing(ReviewDatabase(tmp_path / "review.sqlite")) as opened:
        yield opened


def insert(connection: sa.Connection, number: int, csrf: str = "") -> None:
    row = {"session_hash": f"{number:02}", "rater_id": "r", "csrf": csrf, "expires_ms": 0}
    connection.execute(SESSIONS.insert(), row)


def write_together(database: ReviewDatabase, part: Part) -> list[Exception | None]:
    """Run a part in each of ten threads; the first one ends when all others wait behind it."""
    ended: list[Exception | None] = [None] * _PEOPLE
    is_in = threading.Event()

    def write(number: int) -> None:
        try:
            with database.writing() as connection:
                is_in.set()
                while number == 0 and database.writers.waiting < _PEOPLE - 1:
                    time.sleep(0.001)
                part(connection, number)
        except (OperationalError, ZeroDivisionError) as error:
            ended[number] = error

    threads = [threading.Thread(target=write, args=(number,)) for number in range(_PEOPLE)]
    for thread in threads:
        thread.start()
        is_in.wait()
    for thread in threads:
        thread.join()
    return ended


def stored(database: ReviewDatabase) -> list[int]:
    with database.reading() as connection:
        names = connection.execute(sa.select(SESSIONS.c.session_hash)).scalars()
        return sorted(int(name) for name in names)


def test_who_waits_for_one_another_is_committed_at_once_and_on_disk(database: ReviewDatabase):
    commits: list[sa.Connection] = []
    event.listen(database.engine, "commit", commits.append)
    assert write_together(database, insert) == [None] * _PEOPLE
    assert len(commits) == 1
    with closing(ReviewDatabase(database.place)) as other:
        assert stored(other) == list(range(_PEOPLE))


def test_a_part_that_fails_takes_nothing_from_the_others(database: ReviewDatabase):
    def part(connection: sa.Connection, number: int) -> None:
        insert(connection, number)
        if number % 3 == 0:  # the first of the batch, too
            raise ZeroDivisionError

    ended = write_together(database, part)
    assert [isinstance(error, ZeroDivisionError) for error in ended] == [
        number % 3 == 0 for number in range(_PEOPLE)
    ]
    assert stored(database) == [number for number in range(_PEOPLE) if number % 3]


def test_on_a_full_disk_nobody_is_told_that_what_is_lost_was_stored(database: ReviewDatabase):
    with database.reading() as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()

    def part(connection: sa.Connection, number: int) -> None:
        connection.exec_driver_sql(f"pragma max_page_count = {pages + 4}")
        insert(connection, number, "x" * 9_000)

    ended = write_together(database, part)
    assert any(isinstance(error, OperationalError) for error in ended)
    acknowledged = [number for number, error in enumerate(ended) if error is None]
    assert stored(database) == acknowledged


def test_a_commit_that_fails_fails_for_all_who_shared_it(database: ReviewDatabase):
    def refuse(_: sa.Connection) -> None:
        raise OperationalError("commit", {}, Exception("the disk is gone"))

    event.listen(database.engine, "commit", refuse)
    ended = write_together(database, insert)
    event.remove(database.engine, "commit", refuse)
    assert [str(error.orig) for error in ended if isinstance(error, OperationalError)] == [
        "the disk is gone"
    ] * _PEOPLE
    assert stored(database) == []
    with database.writing() as connection:  # the next one begins anew
        insert(connection, 77)
    assert stored(database) == [77]
