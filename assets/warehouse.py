"""Stage warehouse: every table and view in one DuckDB file, for analysts."""

import dagster as dg

from eemo_pipeline.lake.data_dictionary import READABLE_BY
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.warehouse import publish
from eemo_pipeline.schema.tables import TABLES


@dg.asset(deps=list(TABLES))
def warehouse__database(data_root: dg.ResourceParam[DataRoot]) -> dg.MaterializeResult:
    """One DuckDB file with every table and view, replaced by renaming: readers never wait."""
    published = publish(data_root.tables, data_root.database)
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(published.path)),
            "readable_by": READABLE_BY,
            "tables": len(published.rows),
            "rows": sum(published.rows.values()),
            "is_changed": published.is_changed,
        }
    )
