"""Data roots that several folders of tests share, each built once per session.

Belongs here: state that is shared. Functions that tests call are in `tests/support/`. A shared
data root is never changed; a test that changes one copies it first.
"""

import json
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from eemo_pipeline.execution.garbage import collect_seldom
from tests.support.commands import run_eemo
from tests.support.hashing import stamp_files
from tests.support.images import fill_folder
from tests.support.lakes import build_once

# A path is a name: to a glob, a query string or a shell this one would be something else.
AWKWARD = "small_lake [2024]*{a,b} it's #1=100%"
# Fixtures that take a data root through the whole graph.
SHARED_LAKES = {"small_lake", "demo_lake"}
# The first to use each of them. They come first, so that no test process waits for the other.
BUILDERS = ("tests/pipeline/test_ask_again.py", "tests/pipeline/test_evaluation.py")


def pytest_configure() -> None:
    """Let interrupts through, and let no property fail because the machine is busy.

    What a shell starts in the background would ignore interrupts. Thousands of tests are many
    objects, and a collection of garbage looks at all of them.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("any_machine", deadline=None, max_examples=60)
    settings.load_profile("any_machine")
    collect_seldom()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of whole runs, and put them first.

    A long test that begins last would keep one core waiting for the other.
    """
    for item in items:
        if "tests/pipeline/" in item.nodeid or SHARED_LAKES & set(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker("whole_run")
    items.sort(
        key=lambda item: (
            not item.nodeid.startswith(BUILDERS),
            "tests/pipeline/" not in item.nodeid,
        )
    )


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images as a person would have it; never changed."""

    def build(place: Path) -> None:
        fill_folder(place / "mine")
        (place / "stamps.json").write_text(json.dumps(stamp_files(place / "mine")))

    return build_once(tmp_path_factory, "shared_pictures", build) / "mine"


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """The data root of one undisturbed `eemo run --images pictures`; never changed.

    Shared by tests/assets/test_checks.py and, in tests/pipeline, by test_folder.py,
    test_incremental.py, test_killed.py, test_providers.py and test_ui.py.
    """

    def build(place: Path) -> None:
        answer = run_eemo("run", "--images", pictures, "--data", place, "--json")
        (place / "answer.json").write_text(answer.stdout)
        assert answer.returncode == 0, answer.stderr

    return build_once(tmp_path_factory, AWKWARD, build)


@pytest.fixture(scope="session")
def demo_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data root of one `eemo demo`; never changed.

    Shared by test_demo_lake.py and test_processors.py of tests/pipeline.
    """

    def build(place: Path) -> None:
        answer = run_eemo("demo", "--data", place, "--json")
        (place / "answer.json").write_text(answer.stdout)
        assert answer.returncode == 0, answer.stderr

    return build_once(tmp_path_factory, "shared_demo_lake", build)
