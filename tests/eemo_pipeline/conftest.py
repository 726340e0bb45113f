"""What tests of several packages of the library share."""

from collections.abc import Iterator

import pytest

from tests.support.postgres import run_postgres


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, which asks for a password."""
    with run_postgres() as url:
        yield url
