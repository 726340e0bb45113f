"""One partition per source: a source is read again without touching the others."""

import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import build_dataset, partition_tags
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.sources import known_sources
from tests.support.hashing import stamp_files
from tests.support.images import paint_jpeg

INGEST = [dg.AssetKey(name) for name, table in TABLES.items() if table.is_partitioned]


def ingest(lake: Path, tags: dict[str, str]) -> dg.ExecuteInProcessResult:
    job = build_definitions(str(lake)).resolve_job_def(build_dataset.name)
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(instance=instance, asset_selection=INGEST, tags=tags)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two sources with a file each; the second holds no annotation file, so its file is refused."""
    for source, seed in (("folder", 1), ("oasis", 2)):
        (tmp_path / "sources" / source).mkdir(parents=True)
        (tmp_path / "sources" / source / "a.jpg").write_bytes(paint_jpeg(seed))
    return tmp_path


def counts(lake: Path) -> dict[str, int]:
    """Files that the tables speak of, per source."""
    frame = scan_table(lake / "tables", "_ingest__counts").filter(pl.col("unit") == "file")
    return dict(frame.filter(pl.col("found") > 0).select("source", "found").collect().rows())


def test_a_run_over_one_source_touches_the_files_of_that_source_alone(lake: Path) -> None:
    ingest(lake, partition_tags())
    assert counts(lake) == {"folder": 1, "oasis": 1}
    before = stamp_files(lake / "tables")
    for source in ("folder", "oasis"):
        (lake / "sources" / source / "b.jpg").write_bytes(paint_jpeg(3))
    result = ingest(lake, partition_tags("oasis", "oasis"))
    assert counts(lake) == {"folder": 1, "oasis": 2}
    after = stamp_files(lake / "tables")
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"ingest__rejects/oasis.parquet", "_ingest__counts/oasis.parquet"}
    written = {
        event.step_materialization_data.materialization.partition
        for event in result.all_events
        if event.is_step_materialization
    }
    assert written == {"oasis"}


def test_a_source_that_is_gone_leaves_no_row(lake: Path) -> None:
    ingest(lake, partition_tags())
    shutil.rmtree(lake / "sources" / "folder")
    ingest(lake, partition_tags("folder", "folder"))
    assert counts(lake) == {"oasis": 1}
    assert scan_table(lake / "tables", "ingest__records").collect().is_empty()


def test_the_partitions_are_the_known_sources() -> None:
    graph = build_definitions().resolve_asset_graph()
    for key in INGEST:
        partitions = graph.get(key).partitions_def
        assert partitions is not None
        assert partitions.get_partition_keys() == list(known_sources())


def test_all_of_a_runs_counts_are_in_the_metadata(lake: Path) -> None:
    result = ingest(lake, partition_tags("folder", "folder"))
    (event,) = result.asset_materializations_for_node("ingest")[:1]
    assert event.asset_key == dg.AssetKey("ingest__records")
    values = {name: entry.value for name, entry in event.metadata.items()}
    assert values["rows"] == values["dagster/row_count"] == 1
    assert (values["rows_in"], values["rows_out"], values["rows_refused"]) == (1, 1, 0)
    assert (values["computed"], values["reused"]) == (1, 0)
    assert len(str(values["sha256"])) == 64
    assert Path(str(values["path"])) == lake / "tables" / "ingest__records" / "folder.parquet"
    assert "a.jpg" in str(values["preview"])
    assert (values["cache_hit_rate"], values["usd"]) == (0, 0)
    again = ingest(lake, partition_tags("folder", "folder"))
    (second,) = again.asset_materializations_for_node("ingest")[:1]
    later = {name: entry.value for name, entry in second.metadata.items()}
    assert (later["cache_hit_rate"], later["usd"], later["files_changed"]) == (1, 0, 0)
    assert later["sha256"] == values["sha256"]


def test_the_metadata_of_a_partition_are_its_own(lake: Path) -> None:
    (lake / "sources" / "folder" / "b.jpg").write_bytes(paint_jpeg(3))
    result = ingest(lake, partition_tags())
    events = [
        event.step_materialization_data.materialization
        for event in result.all_events
        if event.is_step_materialization
    ]
    found = {(event.asset_key.to_user_string(), event.partition): event for event in events}
    assert len(found) == len(events)
    records = {
        source: {name: entry.value for name, entry in event.metadata.items()}
        for (table, source), event in found.items()
        if table == "ingest__records"
    }
    assert (records["folder"]["rows_in"], records["folder"]["computed"]) == (2, 2)
    assert (records["oasis"]["rows_in"], records["oasis"]["rows_refused"]) == (1, 1)
    assert records["gaped"]["rows_in"] == records["gaped"]["rows"] == 0
    assert len({str(values["files_stamp"]) for values in records.values()}) == 3
    for (table, source), event in found.items():
        path = lake / "tables" / table / f"{source}.parquet"
        assert event.metadata["path"].value == str(path)
        assert event.metadata["size_bytes"].value == path.stat().st_size
