"""The declarations of tables agree with themselves."""

from collections import Counter

import pytest

from eemo_pipeline.schema import columns
from eemo_pipeline.schema.tables import TABLES, Table


def test_a_column_has_one_meaning() -> None:
    names = Counter(column.name for column in vars(columns)["_ALL"])
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_table_names_its_own_columns(table: Table) -> None:
    assert set(table.key) <= set(table.columns)
    assert table.optional <= set(table.columns)
    assert table.plotted is None or table.plotted in table.columns
