"""A plug-in folder is read by file name, and a file that declares nothing is named."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from eemo_pipeline.discovery import discover

Make = Callable[..., ModuleType]


@pytest.fixture
def make_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Import a package of these modules; each test gets a name of its own."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name: str, **modules: str) -> ModuleType:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        for module, text in modules.items():
            (tmp_path / name / f"{module}.py").write_text(text)
        return importlib.import_module(name)

    return make


def test_every_module_is_found_by_name_sorted(make_package: Make) -> None:
    package = make_package("plugs_found", zebra="PLUG = 1", apple="PLUG = 2", mango="PLUG = 3")
    found = discover(package, "PLUG", int)
    assert list(found.items()) == [("apple", 2), ("mango", 3), ("zebra", 1)]


def test_a_folder_without_modules_has_none(make_package: Make) -> None:
    assert discover(make_package("plugs_none"), "PLUG", int) == {}


@pytest.mark.parametrize(
    ("name", "text"), [("plugs_lost", "OTHER = 1"), ("plugs_odd", "PLUG = 'one'")]
)
def test_a_module_that_declares_nothing_or_something_else_is_named(
    make_package: Make, name: str, text: str
) -> None:
    package = make_package(name, good="PLUG = 1", wrong=text)
    with pytest.raises(TypeError, match=rf"{name}\.wrong must declare PLUG = int\("):
        discover(package, "PLUG", int)


def test_a_module_that_fails_says_why_itself(make_package: Make) -> None:
    package = make_package("plugs_broken", broken="raise ImportError('needs spam')")
    with pytest.raises(ImportError, match="needs spam"):
        discover(package, "PLUG", int)
