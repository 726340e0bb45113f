"""Stage warehouse: every table and view in one DuckDB file, for analysts."""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from assets._priorities import LAST_OF_ALL
from eemo_pipeline.lake.data_dictionary import READABLE_BY
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.warehouse import publish


def build_warehouse(
    last_tables: Iterable[str], made_from: Mapping[str, Sequence[str]]
) -> dg.AssetsDefinition:
    """Return the asset `warehouse__database`, which is made after `last_tables`.

    It tells analysts in `meta.lineage` which tables each table is made from.

    It holds every table, but depends only on those that no other is made from, because an edge from
    each of them would cross the whole graph. In a run of a part of the graph, the edge from a table
    may lead through one that is not in it; the priority then keeps this step the last one.
    """

    @dg.asset(
        deps=list(last_tables), group_name="warehouse", op_tags={"dagster/priority": LAST_OF_ALL}
    )
    def warehouse__database(
        context: dg.AssetExecutionContext, data_root: dg.ResourceParam[DataRoot]
    ) -> dg.MaterializeResult:
        """One DuckDB file with every table and view, replaced by renaming: readers never wait.

        Its edges come from the tables that no other table is made from; it holds all of them.
        """
        published = publish(data_root.tables, data_root.database, made_from)
        rows = sum(published.rows.values())
        did = "written anew" if published.is_changed else "unchanged"
        context.log.info(
            "%s: %d tables, %d rows, %s", published.path.name, len(published.rows), rows, did
        )
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(published.path)),
                "readable_by": READABLE_BY,
                "tables": len(published.rows),
                "rows": rows,
                "is_changed": published.is_changed,
            }
        )

    return warehouse__database
