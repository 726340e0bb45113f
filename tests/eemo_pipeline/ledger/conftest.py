"""A ledger in each database that it can be kept in; PostgreSQL where its server is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eemo_pipeline.ledger.store import Ledger
from tests.support.postgres import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new, empty ledger is kept: a file, or the URL of a database of its own."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite"
    return new_database(request.getfixturevalue("cluster"))


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    """An empty ledger in either database."""
    opened = Ledger(place, run_id="run")
    yield opened
    opened.close()
