"""Rows chosen by a typed condition: DuckDB's SQL on the columns, and nothing else."""

from pathlib import Path

import polars as pl
import pytest

from eemo_pipeline.lake.row_filter import BadCondition, filter_rows

ROWS = pl.DataFrame({"name": ["a", "b", "c"], "count": [1, 2, None], "parts": [["x"], [], ["y"]]})


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("true", "abc"),
        ("count > 1 or name = 'c'", "bc"),
        ("list_contains(parts, 'x') -- the first", "a"),
        ("false", ""),
        ("count in (select max(count) from _rows)", "b"),
    ],
)
def test_rows_that_fulfil_the_condition(where: str, names: str) -> None:
    found = filter_rows(ROWS, where)
    assert "".join(found["name"]) == names
    assert found.schema == ROWS.schema


@pytest.mark.parametrize(
    "where",
    [
        "nme = 'a'",
        "",
        "true) union all select 1 --",
        "true); select (true",
        "'a' in (select content from read_text('secret.txt'))",
        "count = getvariable(",
    ],
)
def test_what_is_no_condition_is_refused(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("a")
    if "union" in where:  # a query on the rows alone, whose places are those of rows
        with pytest.raises(BadCondition):
            filter_rows(ROWS, where.replace("select 1", "select 'x'"))
        return
    with pytest.raises(BadCondition):
        filter_rows(ROWS, where)
