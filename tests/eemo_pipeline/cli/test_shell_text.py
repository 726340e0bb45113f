"""Printed commands can be pasted, and keep the data root that is in use."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from eemo_pipeline.cli import shell_text
from eemo_pipeline.cli.shell_text import command, typed_again
from eemo_pipeline.lake.data_root import DataRoot

# Commands of ours that are written without a data root: what is typed, and the demo's own.
_WITHOUT_ROOT = re.compile(r"called\(\)\} (?!demo\b)[a-z]")


def test_a_command_names_the_data_root_as_one_word() -> None:
    root = DataRoot(Path("/somewhere/my data's $HOME"))
    words = shlex.split(command('sql "show tables"', root, " # lists tables"), comments=True)
    assert words[1:] == ["sql", "show tables", "--data", str(root.path)]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["run"], []),
        (["run", "--data", "my data", "--json"], ["--data", "my data"]),
        (["run", "--data=a b"], ["--data=a b"]),
        (["run", "--data"], ["--data"]),
    ],
)
def test_a_command_without_a_known_root_keeps_the_one_that_was_typed(
    typed: list[str], kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["eemo", *typed])
    assert shlex.split(typed_again("doctor"))[1:] == ["doctor", *kept]


def test_no_other_module_spells_a_command_without_its_data_root() -> None:
    folder = Path(shell_text.__file__).parent
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(folder.glob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if _WITHOUT_ROOT.search(line)
    ]
    assert found == []
