"""`dagster dev` beside `eemo ui` on one data root is said; the servers of `eemo ui` are not."""

import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from eemo_pipeline.lake.data_root import VARIABLE, DataRoot
from resources.instance.open_pages import LOCK, SERVED_BY, warn_of_open_pages

ADDRESS = "http://127.0.0.1:3000"


@pytest.fixture
def root(tmp_path: Path) -> DataRoot:
    return DataRoot(tmp_path)


@pytest.fixture
def served(root: DataRoot) -> Iterator[None]:
    """`eemo ui` serves the data root: another open file holds the lock."""
    root.state.mkdir(parents=True)
    with (root.state / LOCK).open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"4711 {ADDRESS}")
        lock.flush()
        yield


@pytest.mark.usefixtures("served")
def test_open_pages_are_named_with_process_address_and_remedy(
    root: DataRoot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(root.path))
    from eemo_pipeline.definitions import defs

    with caplog.at_level(logging.WARNING):
        defs()
    assert all(
        word in caplog.text for word in (str(root.path), "process 4711", ADDRESS, "kill -INT 4711")
    )


@pytest.mark.usefixtures("served")
def test_the_code_servers_of_the_pages_say_nothing(
    root: DataRoot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVED_BY, "4711")
    warn_of_open_pages(root)
    assert caplog.text == ""


def test_a_data_root_that_nobody_serves_is_quiet(
    root: DataRoot, caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_open_pages(root)
    root.state.mkdir(parents=True)
    (root.state / LOCK).write_text(f"{os.getpid()} {ADDRESS}")  # left by one that ended
    warn_of_open_pages(root)
    assert caplog.text == ""
