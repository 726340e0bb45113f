"""The notebook runs from its first cell to its last."""

import json
from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.lake.warehouse import publish

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "analysis.ipynb"


@pytest.fixture
def root(sound_tables: Path, tmp_path: Path) -> Path:
    (tmp_path / "tables").symlink_to(sound_tables)
    publish(tmp_path / "tables", tmp_path / "eemo.duckdb")
    return tmp_path


def test_the_notebook_runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EEMO_DATA", str(root))
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    made: dict[str, Any] = {}
    for number, source in enumerate(code, start=1):
        exec(compile(source, f"cell {number}", "exec"), made)  # noqa: S102 (our own file)
    assert len(made["agreement"]) == 3 * 8
    assert made["records"]["state"].tolist() == ["preserved"] * 88
    assert len(made["chart"].to_dict()["datasets"]) == 1
    assert len(made["disputed"]) == 5
    assert made["files"][0].is_relative_to(root / "sources")


def test_the_notebook_holds_no_output() -> None:
    """Output would be of one machine, and show images' paths and texts of datasets."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    outputs = [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]
    assert not any(outputs)
