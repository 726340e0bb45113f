"""The findings of `eemo doctor`, on a sound data root and on broken ones."""

import json
import subprocess
from pathlib import Path

from eemo_pipeline.ledger.store import Ledger
from tests.support.commands import call_eemo


def findings(answer: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {finding["name"]: finding for finding in json.loads(answer.stdout)}


def test_nothing_is_broken_on_a_fresh_machine(tmp_path: Path) -> None:
    answer = call_eemo("doctor", "--json")
    found = findings(answer)
    assert answer.returncode == 0
    assert {"python", "disk", "data root", "dagster", "polars", "duckdb", "pillow"} <= set(found)
    assert found["database"]["state"] == "note"
    assert all(finding["fix"] for finding in found.values() if finding["state"] == "broken")
    assert list(tmp_path.iterdir()) == []


def test_database_and_ledger_are_opened(built: Path) -> None:
    Ledger(built / "ledger.sqlite").close()
    answer = call_eemo("doctor", "--data", built)
    assert answer.returncode == 0
    assert "✔ database" in answer.stdout
    assert "✔ ledger" in answer.stdout


def test_damaged_files_are_found_with_a_fix(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "ledger.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    (root / "eemo.duckdb").write_bytes(b"\xff" * 4096)
    answer = call_eemo("doctor", "--data", "root", "--json", folder=tmp_path)
    assert answer.returncode == 1
    for name in ("database", "ledger"):
        finding = findings(answer)[name]
        assert finding["state"] == "broken"
        assert "root/" in finding["fix"]


def test_a_data_root_that_is_a_file_is_broken(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("")
    answer = call_eemo("doctor", "--data", "root", "--json", folder=tmp_path)
    assert answer.returncode == 1
    assert findings(answer)["data root"]["state"] == "broken"


def test_a_key_is_named_and_never_printed() -> None:
    # GOOGLE_API_KEY is read by Google's SDK, and not by the provider here.
    value = "sk-private-value"
    answer = call_eemo("doctor", OPENAI_API_KEY=value, GOOGLE_API_KEY=value)
    assert "OPENAI_API_KEY" in answer.stdout
    assert "GOOGLE_API_KEY" not in answer.stdout
    assert value not in answer.stdout + answer.stderr
