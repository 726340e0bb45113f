"""The IO manager in a real run: an asset returns its table, or the table stays as it was."""

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from eemo_pipeline.lake.edits import Edit, append_edits
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import SchemaError
from resources.composition import build_resources

NAME = "_qa__coverage"
ROWS = {
    "image_id": ["b", "a"],
    "content_category": [None, None],
    "category_origin": [None, None],
    "item_count": [2, 0],
    "reason": [None, "no_labels"],
}
SOURCES = dg.StaticPartitionsDefinition(["folder", "oasis"])


def frame(**changes: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({**ROWS, **changes}, schema=TABLES[NAME].polars_schema)


def materialise(
    root: Path, assets: list[dg.AssetsDefinition], partition: str | None = None
) -> dict[str, dict[str, Any]]:
    """Asset -> metadata of what was written."""
    result = dg.materialize(assets, resources=build_resources(str(root)), partition_key=partition)
    return {
        event.asset_key.to_user_string(): {
            name: entry.value
            for name, entry in event.step_materialization_data.materialization.metadata.items()
        }
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }


def returning(value: pl.DataFrame | pl.LazyFrame) -> dg.AssetsDefinition:
    @dg.asset(name=NAME, io_manager_key="io_manager")
    def table() -> Any:
        return value

    return table


def test_a_table_is_written_in_key_order_and_described(tmp_path: Path) -> None:
    metadata = materialise(tmp_path, [returning(frame())])[NAME]
    stored = scan_table(tmp_path / "tables", NAME).collect()
    assert stored.equals(frame().sort("image_id"))
    assert metadata["rows"] == metadata["dagster/row_count"] == 2
    path = tmp_path / "tables" / f"{NAME}.parquet"
    assert metadata["path"] == str(path)
    assert metadata["size_bytes"] == path.stat().st_size
    assert metadata["files_changed"] == 1
    assert len(metadata["sha256"]) == 64
    assert metadata["preview"].startswith(
        "|image_id|content_category|category_origin|item_count|reason|"
    )


def test_unchanged_rows_change_no_file(tmp_path: Path) -> None:
    materialise(tmp_path, [returning(frame())])
    path = tmp_path / "tables" / f"{NAME}.parquet"
    before = path.stat()
    metadata = materialise(tmp_path, [returning(frame()[::-1])])[NAME]
    assert metadata["files_changed"] == 0
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_lazy_frame_is_collected(tmp_path: Path) -> None:
    assert materialise(tmp_path, [returning(frame().lazy())])[NAME]["rows"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        frame().drop("reason"),
        frame().with_columns(surprise=pl.lit(1)),
        frame().with_columns(pl.col("item_count").cast(pl.Float64)),
    ],
)
def test_a_frame_of_other_columns_is_refused_and_the_table_stays(
    tmp_path: Path, wrong: pl.DataFrame
) -> None:
    materialise(tmp_path, [returning(frame())])
    with pytest.raises(SchemaError, match=NAME):
        materialise(tmp_path, [returning(wrong)])
    assert scan_table(tmp_path / "tables", NAME).collect().height == 2
    assert [path.name for path in (tmp_path / "tables").iterdir()] == [f"{NAME}.parquet"]


def test_what_is_downstream_gets_the_kind_of_frame_it_asks_for(tmp_path: Path) -> None:
    got: dict[str, tuple[type, int]] = {}

    @dg.asset(ins={"coverage": dg.AssetIn(NAME)}, io_manager_key="io_manager")
    def qa__items(coverage: pl.LazyFrame) -> pl.DataFrame:
        got["lazy"] = (type(coverage), coverage.collect().height)
        return TABLES["qa__items"].empty()

    @dg.asset(ins={"coverage": dg.AssetIn(NAME)}, io_manager_key="io_manager")
    def assess__items(coverage: pl.DataFrame) -> pl.DataFrame:
        got["eager"] = (type(coverage), coverage.height)
        return TABLES["assess__items"].empty()

    metadata = materialise(tmp_path, [returning(frame()), qa__items, assess__items])
    assert got == {"lazy": (pl.LazyFrame, 2), "eager": (pl.DataFrame, 2)}
    assert metadata["qa__items"]["rows"] == 0
    assert (tmp_path / "tables" / "qa__items.parquet").exists()  # empty, and still a table


def counts(source: str, found: int) -> pl.DataFrame:
    row = {"source": source, "unit": "file", "found": found, "kept": found, "refused": 0}
    return pl.DataFrame([row], schema=TABLES["_ingest__counts"].polars_schema)


@dg.asset(name="_ingest__counts", partitions_def=SOURCES, io_manager_key="io_manager")
def per_source(context: dg.AssetExecutionContext) -> pl.DataFrame:
    return counts(context.partition_key, 3)


def test_a_partition_is_a_file_of_its_own_and_all_are_read_together(tmp_path: Path) -> None:
    heights = []

    @dg.asset(ins={"counts": dg.AssetIn("_ingest__counts")}, io_manager_key="io_manager")
    def qa__items(counts: pl.LazyFrame) -> pl.DataFrame:
        heights.append(counts.collect()["source"].to_list())
        return TABLES["qa__items"].empty()

    for source in ("oasis", "folder"):
        metadata = materialise(tmp_path, [per_source], source)["_ingest__counts"]
        assert metadata["path"] == str(
            tmp_path / "tables" / "_ingest__counts" / f"{source}.parquet"
        )
        assert metadata["rows"] == 1
    dg.materialize(
        [per_source.to_source_asset(), qa__items], resources=build_resources(str(tmp_path))
    )
    assert heights == [["folder", "oasis"]]


def test_a_table_that_was_never_written_has_no_rows(tmp_path: Path) -> None:
    heights = []

    @dg.asset(ins={"coverage": dg.AssetIn(NAME)}, io_manager_key="io_manager")
    def qa__items(coverage: pl.DataFrame) -> pl.DataFrame:
        heights.append((coverage.height, coverage.schema == TABLES[NAME].polars_schema))
        return TABLES["qa__items"].empty()

    dg.materialize(
        [returning(frame()).to_source_asset(), qa__items], resources=build_resources(str(tmp_path))
    )
    assert heights == [(0, True)]


def test_edits_of_people_are_put_into_what_is_written(tmp_path: Path) -> None:
    edits = [
        Edit(0, (name,), "item_count", old, new, "ann", "2026-01-01T00:00:00+00:00")
        for name, old, new in (("a", 0, 5), ("b", 9, 5), ("gone", 0, 5))
    ]
    append_edits(tmp_path / "gate", NAME, edits)
    for value in (frame(), frame().lazy()):
        metadata = materialise(tmp_path, [returning(value)])[NAME]
        assert (metadata["edits_applied"], metadata["edits_waiting"]) == (1, 1)
        stored = scan_table(tmp_path / "tables", NAME).collect()
        assert stored["item_count"].to_list() == [5, 2]
