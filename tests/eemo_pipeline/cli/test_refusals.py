"""The end of a run: what was refused and why, with a command that lists it; nothing read warns."""

import json
import shlex
from pathlib import Path

from tests.support.commands import call_eemo
from tests.support.images import paint_jpeg

UP_TO_INGEST = ("--select", 'key:"ingest__records"')
AND_THE_DATABASE = ("--select", 'key:"ingest__records" or key:"warehouse__database"')


def test_refused_files_and_rows_are_counted_by_reason(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(paint_jpeg(1))
    (folder / "b.jpg").write_bytes(b"")
    labels = (
        '\r\nfile,emotion,caption\r\na.jpg,joy,"two\r\nlines"\r\n\r\nb.jpg,joy,\r\n'
        "missing.jpg,joy,\r\na.jpg,jooy,\r\n"
    )
    (folder / "labels.csv").write_bytes(labels.encode())
    result = call_eemo("run", "--images", folder, "--data", "root", *AND_THE_DATABASE)
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    files, rows = (line for line in lines if line.startswith("refused "))
    assert files.split(":")[0].split() == ["refused", "1", "file"]
    assert rows.split(":")[0].split() == ["refused", "3", "rows"]
    shown = lines[lines.index(rows) + 1 :][:3]
    assert [line.split(":")[1] for line in shown] == ["6", "7", "8"]
    assert (
        shown[2].strip() == "folder labels.csv:8: unknown_label, emotion = jooy; did you mean joy?"
    )
    (command,) = (line for line in lines if line.startswith("list them with"))
    listed = call_eemo(*shlex.split(command.removeprefix("list them with"))[1:], "--json")
    assert listed.returncode == 0, listed.stderr
    found = {(row["path"], row["row"], row["line"]) for row in json.loads(listed.stdout)}
    table = {("labels.csv", row, row + 4) for row in (2, 3, 4)}
    assert found == {("b.jpg", None, None)} | table


def test_a_run_that_reads_nothing_warns(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "notes.txt").write_text("no image")
    result = call_eemo("run", "--images", folder, "--data", "root", *UP_TO_INGEST)
    assert result.returncode == 0, result.stderr
    assert "warning   no image was read" in result.stderr
    again = call_eemo("run", "--data", "root", *UP_TO_INGEST, "--json")
    assert json.loads(again.stdout)["refused"]["is_nothing_read"] is True
