"""A desk per provider: both share one local server per module."""

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from resources.local_server import LocalServer, local_server
from tests.support.batches import PROVIDERS, Desk
from tests.support.images import paint_jpeg


@pytest.fixture(scope="module")
def batch_server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.fixture(params=PROVIDERS)
def desk(
    request: pytest.FixtureRequest,
    batch_server: LocalServer,
    tmp_path: Path,
) -> Iterator[Desk]:
    (tmp_path / "pictures").mkdir()
    # Other pictures in every test: the server remembers what it was asked.
    seed = int(sha256(request.node.name.encode()).hexdigest()[:6], 16)
    for number in range(12):
        (tmp_path / "pictures" / f"{number:02}.jpg").write_bytes(paint_jpeg(seed + number))
    batch_server.follow({})
    desk = Desk(tmp_path, batch_server, request.param)
    with closing(desk.ledger):
        yield desk
