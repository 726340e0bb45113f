"""The declarations of tables agree with themselves."""

import pytest

from eemo_pipeline.schema.tables import TABLES, Table


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_table_names_its_own_columns(table: Table) -> None:
    assert set(table.key) <= set(table.columns)
    assert table.optional <= set(table.columns)
    assert table.plotted is None or table.plotted in table.columns
