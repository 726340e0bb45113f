"""A plug-in folder is read by file name, and a file that declares nothing is named."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from eemo_pipeline.discovery import discover


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are imported from."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def make_package(folder: Path, name: str, **modules: str) -> ModuleType:
    """Import a package of these modules; each test gives it a name of its own."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    for module, text in modules.items():
        (folder / name / f"{module}.py").write_text(text)
    return importlib.import_module(name)


def test_every_module_is_found_by_name_sorted(importable: Path) -> None:
    package = make_package(
        importable, "plugs_found", zebra="PLUG = 1", apple="PLUG = 2", mango="PLUG = 3"
    )
    found = discover(package, "PLUG", int)
    assert list(found.items()) == [("apple", 2), ("mango", 3), ("zebra", 1)]


def test_a_folder_without_modules_has_none(importable: Path) -> None:
    assert discover(make_package(importable, "plugs_none"), "PLUG", int) == {}


@pytest.mark.parametrize(
    ("name", "text"), [("plugs_lost", "OTHER = 1"), ("plugs_odd", "PLUG = 'one'")]
)
def test_a_module_that_declares_nothing_or_something_else_is_named(
    importable: Path, name: str, text: str
) -> None:
    package = make_package(importable, name, good="PLUG = 1", wrong=text)
    with pytest.raises(TypeError, match=rf"{name}\.wrong must declare PLUG = int\("):
        discover(package, "PLUG", int)


def test_a_module_that_fails_says_why_itself(importable: Path) -> None:
    package = make_package(importable, "plugs_broken", broken="raise ImportError('needs spam')")
    with pytest.raises(ImportError, match="needs spam"):
        discover(package, "PLUG", int)
