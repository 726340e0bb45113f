"""The tables on disk, with the latest results of their checks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import DamagedTable, scan_table
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.schema.tables import TABLES, Table
from resources.instance.dagster_home import open_instance

_EVALUATED = {
    AssetCheckExecutionRecordStatus.SUCCEEDED,
    AssetCheckExecutionRecordStatus.FAILED,
}


@dataclass(frozen=True)
class TableStatus:
    """A table on disk, and the latest results of its checks.

    Attributes:
        rows: 0 where the table does not exist, None where a file does not hold it.
        size_bytes: of all its files, None where there is none.
        written_at: time of the newest file, ISO 8601 in UTC, None where there is none.
        checks_passed, checks_warned, checks_failed: number of checks by latest result.
        damage: path and reason where a file does not hold the table, as one of an older version.
    """

    table: str
    stage: str
    rows: int | None
    size_bytes: int | None
    written_at: str | None
    checks_passed: int
    checks_warned: int
    checks_failed: int
    damage: DamagedTable | None = None


def read_status(data: Path) -> list[TableStatus]:
    """Return every table of the schema, in stage order."""
    graph = build_definitions(str(data)).resolve_asset_graph()
    with open_instance(data) as instance:
        latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            list(graph.asset_check_keys)
        )
        evaluations = {
            key: _last_evaluation(instance, key, record)
            for key, record in latest.items()
            if record is not None
        }
    marks: dict[str, list[str]] = {}
    for key, evaluation in evaluations.items():
        if evaluation is not None:
            mark = "passed" if evaluation.passed else evaluation.severity.value
            marks.setdefault(key.asset_key.to_user_string(), []).append(mark)
    return [_status(table, DataRoot(data), marks.get(table.name, [])) for table in TABLES.values()]


def _last_evaluation(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, latest: AssetCheckExecutionRecord
) -> dg.AssetCheckEvaluation | None:
    """Return the last result of a check.

    A run plans its checks at its start. Those that it has not reached yet, or never reached because
    it was ended, are planned only.
    """
    if latest.status not in _EVALUATED:
        history = instance.event_log_storage.get_asset_check_execution_history(
            key, limit=1, status=_EVALUATED
        )
        return history[0].evaluation if history else None
    return latest.evaluation


def _status(table: Table, root: DataRoot, marks: list[str]) -> TableStatus:
    place = root.tables / (table.name if table.is_partitioned else f"{table.name}.parquet")
    files = sorted(place.glob("[!.]*.parquet")) if place.is_dir() else [place]
    stats = [file.stat() for file in files if file.is_file()]
    written = max((stat.st_mtime for stat in stats), default=None)
    rows, damage = None, None
    try:
        rows = scan_table(root.tables, table.name).select(pl.len()).collect().item()
    except DamagedTable as error:
        damage = error
    return TableStatus(
        table.name,
        table.stage,
        rows,
        sum(stat.st_size for stat in stats) if stats else None,
        datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds") if written else None,
        marks.count("passed"),
        marks.count("WARN"),
        marks.count("ERROR"),
        damage,
    )
