"""The data root: what cannot be one, and who holds it. Each refusal tells what to do."""

import fcntl
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from sqlalchemy.exc import DatabaseError

from eemo_pipeline.cli.data_root import choose_data_root, hold, use_records
from eemo_pipeline.cli.problems import Problem
from eemo_pipeline.lake.data_root import DataRoot
from tests.support.commands import call_eemo, start_eemo


def told(result: subprocess.CompletedProcess[str]) -> list[str]:
    """The names of the lines on stderr, after any talk."""
    lines = result.stderr.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("error:"))
    return [line.partition(":")[0] for line in lines[first:]]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("why?", "Dagster .* options follow the ?"),
        ("back\\slash", "DuckDB .* separator"),
        ("per%20cent", "Dagster .* %20 is another sign"),
        ("caf\udce9", "UTF-8"),
    ],
)
def test_a_path_that_the_databases_misread_is_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(Problem, match="cannot have this name") as refused:
        choose_data_root(tmp_path / name)
    assert re.search(why, refused.value.why)


@pytest.mark.parametrize("name", ["100% [a]*", "source=b", "it's; a {x} #1", "a:b", "n\n"])
def test_other_names_are_fine(tmp_path: Path, name: str) -> None:
    assert choose_data_root(tmp_path / name).path == tmp_path / name


def test_the_data_root_is_absolute() -> None:
    assert choose_data_root(Path("~/x")).path == Path.cwd() / "~" / "x"


@pytest.mark.parametrize("command", ["run", "demo", "status", "sources", "ui"])
def test_a_file_is_no_data_root(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    result = call_eemo(command, "--data", tmp_path / "file")
    assert told(result)[:4] == ["error", "where", "why", "fix"]
    assert result.returncode == 2


@pytest.mark.parametrize("option", ["--data", "--images"])
def test_an_empty_name_is_not_the_working_folder(tmp_path: Path, option: str) -> None:
    result = call_eemo("run", option, "")
    assert told(result)[:4] == ["error", "where", "why", "fix"]
    assert result.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_says_which_process_it_waits_for_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    output = tmp_path / "output"
    with hold(DataRoot(tmp_path / "root")):
        process = start_eemo(output, "run", "--images", "pictures", "--data", "root")
        while "waiting for" not in output.read_text():
            assert process.poll() is None, output.read_text()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    assert f"waiting for process {os.getpid()} (eemo" in output.read_text()
    assert f"kill -INT {os.getpid()}" in output.read_text()
    assert "Traceback" not in output.read_text()


def test_ctrl_c_while_modules_are_imported_prints_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command waits in an import, as on a slow disk."""
    started = tmp_path / "started"
    (tmp_path / "typer.py").write_text(
        f"import pathlib, time\npathlib.Path({str(started)!r}).touch()\ntime.sleep(60)\n"
    )
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{before}".rstrip(":"))
    process = start_eemo(tmp_path / "output", "status")
    while not started.exists():
        assert process.poll() is None, (tmp_path / "output").read_text()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130
    assert (tmp_path / "output").read_text() == "interrupted\n"


def test_the_hold_ends_with_its_block(tmp_path: Path) -> None:
    root = DataRoot(tmp_path)
    with hold(root):
        pass
    with hold(root), (root.state / "run.lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_damaged_ledger_is_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    result = call_eemo("run", "--images", "pictures", "--data", root)
    assert told(result)[:4] == ["error", "where", "why", "fix"]
    assert "mv root/ledger.sqlite" in result.stderr
    assert not (root / "tables").exists()


def test_damaged_records_of_runs_can_be_put_aside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    assert call_eemo("status", "--data", root).returncode == 0
    databases = list((root / ".dagster").rglob("*.db"))
    assert databases
    for database in databases:
        database.write_bytes(b"no database at all" * 100)
    result = call_eemo("status", "--data", root)
    assert told(result)[:4] == ["error", "where", "why", "fix"]
    assert "mv root/.dagster" in result.stderr


def test_a_full_disk_is_not_taken_for_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(Problem, match="disk is full"), use_records(DataRoot(tmp_path)):
        raise DatabaseError("insert", {}, OSError("disk I/O error"))


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    tables = tmp_path / "root" / "tables"
    tables.mkdir(parents=True)
    (tables / "qa__items.parquet").write_bytes(b"no table")
    pl.DataFrame({"older": [1]}).write_parquet(tables / "records__emoverse.parquet")
    result = call_eemo("status", "--data", "root")
    assert told(result)[:4] == ["error", "where", "why", "fix"]
    assert "2 tables cannot be read" in result.stderr
    assert "rm -r root/tables/records__emoverse.parquet" in result.stderr
    assert {"ingest__images", "qa__items"} < {
        line.split()[0] for line in result.stdout.splitlines()
    }
    error = json.loads(call_eemo("status", "--data", "root", "--json").stdout)["error"]
    assert (error["what"], error["exit_code"]) == ("2 tables cannot be read", 1)
