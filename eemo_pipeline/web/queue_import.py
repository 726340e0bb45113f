"""Takes the pipeline's queue into the review database: new tasks are added, drafts are replaced.

Nothing that a person was given or said is touched: a task that exists keeps its place, its slots
and its answers, and a draft that has changed gets a new version.
"""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sa

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table, table_path
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.web import frontiers
from eemo_pipeline.web.database import DRAFTS, ITEMS, TASKS, ReviewDatabase
from eemo_pipeline.web.people import now_ms
from eemo_pipeline.web.replay import WANTED
from eemo_pipeline.web.slots import REPEATS

# Tasks of an earlier version have waited since now at the latest.
_DATE_OLD_TASKS = (
    TASKS.update()
    .where(TASKS.c.added_ms.is_(None), TASKS.c.queue != REPEATS)
    .values(added_ms=sa.bindparam("now"))
)
_TABLES = ("review__queue", "review__drafts", "dedup__images")


class NoQueue(Exception):
    """The pipeline has not made a queue in this data root."""


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        tasks: tasks in the database now.
        added: tasks that are new.
        drafts: drafts in the database now.
    """

    tasks: int
    added: int
    drafts: int


def find_stamp(root: DataRoot) -> tuple[int, ...]:
    """Return what changes when the pipeline writes a new queue; empty where there is none."""
    paths = [table_path(root.tables, TABLES[name]) for name in _TABLES]
    if not all(path.exists() for path in paths):
        return ()
    return tuple(path.stat().st_mtime_ns for path in paths)


def import_queue(database: ReviewDatabase, root: DataRoot) -> Imported:
    """Read `review__queue` and `review__drafts` of a data root into the database.

    Raises:
        NoQueue: the tables are missing.
    """
    if not find_stamp(root):
        raise NoQueue(f"{root.tables} holds no review__queue")
    queue, drafts, images = (scan_table(root.tables, name).collect() for name in _TABLES)
    found = images.join(queue.select("image_id"), on="image_id", how="semi")
    items = found.select("image_id", "source", "path", "width_px", "height_px").to_dicts()
    with database.writing() as connection:
        now = now_ms()
        known = set(
            connection.execute(sa.select(TASKS.c.task_id).where(TASKS.c.queue != REPEATS)).scalars()
        )
        added = [
            _as_task(row) for row in queue.iter_rows(named=True) if row["task_id"] not in known
        ]
        frontiers.forget(connection)
        connection.execute(ITEMS.delete())
        connection.execute(DRAFTS.delete())
        _insert(connection, ITEMS, items)
        _insert(connection, DRAFTS, _as_drafts(drafts))
        _insert(connection, TASKS, [row | {"added_ms": now} for row in added])
        connection.execute(_DATE_OLD_TASKS, {"now": now})
    return Imported(len(known) + len(added), len(added), drafts.height)


def _insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), rows)


def _as_task(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("task_id", "image_id", "queue", "priority")},
        "fields": " ".join(row["fields"]),
        "tiebreak": short_hash("order", row["task_id"]),
        **{name: row[name] for name in ("machine_emotion", "machine_valence", "probe_field")},
        "asked_share": row["asked_share"],
        "gold": json.dumps(row["gold_distribution"]) if row["gold_distribution"] else None,
        "probe_value": row["probe_json"],
        "wanted": WANTED,
        "taken": 0,
        "skipped": 0,
        "state": "open",
    }


def _as_drafts(drafts: pl.DataFrame) -> list[dict[str, Any]]:
    names = {"reviewed_field": "field", "draft_json": "value", "draft_version": "version"}
    return (
        drafts.rename(names)
        .select("image_id", "field", "value", "annotator", "finding", "version")
        .to_dicts()
    )
