"""The shape of the command line: help, examples, versions, wrong words, exit codes."""

import importlib.metadata
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from eemo_pipeline.cli.options import complete_source, complete_table
from eemo_pipeline.stages.sources import known_sources
from tests.support.commands import call_eemo

COMMANDS = (
    "demo",
    "run",
    "status",
    "sources",
    "fetch",
    "sql",
    "explain",
    "export",
    "masks",
    "collect",
    "doctor",
    "ui",
    "train",
    "similar",
    "evaluate",
    "ledger",
    "batch",
)
HEAVY = ("dagster", "duckdb", "numpy", "polars", "PIL", "sklearn")


def examples_of(page: str) -> list[str]:
    return [line.strip() for line in page.split("Examples:\n")[1].splitlines()]


def test_help_names_every_command_and_ends_with_examples() -> None:
    answer = call_eemo("--help")
    assert answer.returncode == 0
    listed = answer.stdout.split("Commands:")[1].split("Examples:")[0]
    assert re.findall(r"^  (\w+) ", listed, re.MULTILINE) == [
        *COMMANDS,
        "review",
        "gate",
        "report",
        "release",
    ]
    assert 2 <= len(examples_of(answer.stdout)) <= 3


@pytest.mark.parametrize("command", [*COMMANDS, "ask-again"])
def test_every_command_has_json_data_and_examples_that_parse(command: str) -> None:
    page = call_eemo(command, "--help").stdout
    assert "--data DIR" in page
    assert "--json" in page
    examples = examples_of(page)
    assert 2 <= len(examples) <= 3
    for example in examples:
        words = shlex.split(example.split(" > ")[0])
        assert words[:2] == ["eemo", command]
        # `--help` is read before anything is done, but after every word before it was accepted.
        assert call_eemo(*words[1:], "--help").returncode == 0


def test_version_is_that_of_the_distribution() -> None:
    assert call_eemo("--version").stdout == f"eemo {importlib.metadata.version('eemo-pipeline')}\n"


def test_importing_every_command_imports_nothing_heavy(tmp_path: Path) -> None:
    modules = (
        "app",
        "doctor",
        "fetch",
        "inspection",
        "output",
        "problems",
        "run",
        "shell_text",
        "web_ui",
    )
    program = (
        f"import sys, importlib\nfor name in {modules!r}:\n"
        "    importlib.import_module(f'eemo_pipeline.cli.{name}')\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("stauts",), "status"),
        (("run", "--imges", "x"), "run --images x"),
        (("sql", "select 1", "--jsn"), "sql 'select 1' --json"),
    ],
)
def test_a_typo_is_a_usage_error_with_the_right_command(typed: tuple[str, ...], meant: str) -> None:
    answer = call_eemo(*typed)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "did you mean" in answer.stderr
    assert re.search(rf"^fix: \S*eemo {re.escape(meant)}$", answer.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    "typed",
    [
        (),
        ("xyzzy",),
        ("sql",),
        ("run", "--providers", "local"),
        ("ui", "--port", "0"),
        ("ui", "--port", "many"),
        ("run", "--data"),
        ("status", "extra"),
    ],
)
def test_wrong_usage_exits_2_without_a_traceback(typed: tuple[str, ...]) -> None:
    answer = call_eemo(*typed)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr


def test_a_problem_is_told_as_what_where_why_fix() -> None:
    answer = call_eemo("run")
    names = [line.split(":")[0] for line in answer.stderr.splitlines()]
    assert names == ["error", "where", "why", "fix", "or"]


def test_a_traceback_is_shown_only_on_demand() -> None:
    assert "Traceback" not in call_eemo("run", EEMO_TRACEBACK="0").stderr
    shown = call_eemo("run", EEMO_TRACEBACK="1")
    assert shown.returncode == 2
    assert "Traceback" in shown.stderr
    assert "fix:" in shown.stderr


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "file").write_text("")
    answer = call_eemo("run", "--data", "file/place", "--images", "pictures")
    assert answer.returncode == 1
    assert "where: file/place/sources/folder" in answer.stderr
    assert "why: Not a directory" in answer.stderr


def test_names_of_sources_are_completed() -> None:
    assert complete_source("emo") == ["emoart", "emoset", "emotic", "emotion6", "emoverse"]
    assert set(complete_source("")) == set(known_sources())
    assert complete_table("records__e") == ["records__emoverse"]
