from pathlib import Path

import pytest

from eemo_pipeline.schema import document
from eemo_pipeline.schema.columns import COLUMNS
from eemo_pipeline.schema.tables import TABLES

PAGE = Path(__file__).parents[3] / "TABLES.md"


def test_the_committed_page_is_the_schema():
    if PAGE.read_text(encoding="utf-8") != document.render_tables():
        pytest.fail(f"TABLES.md is not what the schema says. Regenerate it: {document.REGENERATE}")


def test_every_table_and_column_stands_on_the_page():
    sections = document.render_tables().split("\n### ")[1:]
    assert [section.split("\n")[0] for section in sections] == list(TABLES)
    for section, table in zip(sections, TABLES.values(), strict=True):
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert [row.split("`")[1] for row in rows] == list(table.columns)
        for row, column in zip(rows, table.definitions, strict=True):
            assert column.meaning.replace("|", "\\|") in row
            assert row.count(" optional ") == (column.name in table.optional)


def test_ranges_units_and_vocabularies_are_shown():
    page = document.render_tables()
    width = next(line for line in page.splitlines() if line.startswith("| `width_px`"))
    assert [cell.strip() for cell in width.split("|")[2:5]] == ["integer", "px", "at least 1"]
    clarity = next(line for line in page.splitlines() if line.startswith("| `clarity`"))
    assert "| 1 to 10 | optional |" in clarity
    split = next(line for line in page.splitlines() if line.startswith("| `split`"))
    assert all(f"`{value}`" in split for value in COLUMNS["split"].values)


def test_the_command_writes_the_page(capsys):
    document.main()
    assert capsys.readouterr().out == document.render_tables()
