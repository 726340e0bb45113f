"""The schedule and the sensors: what they ask for, and that they ask for nothing by default."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import build_dataset, partition_tags
from eemo_pipeline.orchestration.triggers import ONCE_MORE, nightly_build
from eemo_pipeline.readers.listing import fingerprint, list_files
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.ingest import FILES_STAMP
from eemo_pipeline.stages.sources import known_sources
from resources.reviews import Reviews
from resources.storage.data_root import DataRootResource
from tests.support.images import paint_jpeg
from tests.support.reviews import make_review_root, one_vote

INGEST = [dg.AssetKey(name) for name, table in TABLES.items() if table.is_partitioned]


def sensors(lake: Path) -> dict[str, dg.SensorDefinition]:
    found = build_definitions(str(lake)).sensors or ()
    return {sensor.name: sensor for sensor in found if isinstance(sensor, dg.SensorDefinition)}


class Watch:
    """The sensor `changed_sources`, evaluated again and again with the cursor of its last look.

    All sources were read before its first look.
    """

    def __init__(self, lake: Path, instance: dg.DagsterInstance) -> None:
        self.lake, self.instance = lake, instance
        self.cursor: str | None = None
        self.sensor = sensors(lake)["changed_sources"]
        for source in known_sources():
            stamp = fingerprint(list_files(lake / "sources" / source))
            instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    "ingest__records", partition=source, metadata={FILES_STAMP: stamp}
                )
            )

    def look(self) -> list[str]:
        """The sources that a run is asked for."""
        requests = self.requests()
        asked = [request.tags["dagster/asset_partition_range_start"] for request in requests]
        for request, source in zip(requests, asked, strict=True):
            assert request.tags.items() >= (partition_tags(source, source) | ONCE_MORE).items()
        return asked

    def requests(self) -> list[dg.RunRequest]:
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            resources={"data_root": DataRootResource(path=str(self.lake))},
        ) as context:
            result = self.sensor.evaluate_tick(context)
        self.cursor = result.cursor
        return list(result.run_requests or ())


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    for source, seed in (("folder", 1), ("oasis", 2)):
        (tmp_path / "sources" / source).mkdir(parents=True)
        (tmp_path / "sources" / source / "a.jpg").write_bytes(paint_jpeg(seed))
    return tmp_path


def test_one_sensor_watches_all_sources_and_all_triggers_are_off(lake: Path) -> None:
    found = sensors(lake)
    assert set(found) == {"changed_sources", "finished_batches", "new_votes"}
    assert {sensor.default_status for sensor in found.values()} == {dg.DefaultSensorStatus.STOPPED}
    assert nightly_build.default_status is dg.DefaultScheduleStatus.STOPPED


def test_a_sensor_that_is_switched_on_reads_what_changed_since_the_last_run(lake: Path) -> None:
    job = build_definitions(str(lake)).resolve_job_def(build_dataset.name)
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(
            instance=instance, tags=partition_tags(), asset_selection=INGEST
        )
        assert done.success
        (lake / "sources" / "oasis" / "b.jpg").write_bytes(paint_jpeg(3))
        with dg.build_sensor_context(
            instance=instance, resources={"data_root": DataRootResource(path=str(lake))}
        ) as context:
            result = sensors(lake)["changed_sources"].evaluate_tick(context)
    (request,) = list(result.run_requests or ())
    assert request.tags.items() >= partition_tags("oasis", "oasis").items()


def test_the_first_look_remembers_and_asks_for_nothing(
    lake: Path, instance: dg.DagsterInstance
) -> None:
    watch = Watch(lake, instance)
    assert watch.look() == []
    assert set(json.loads(watch.cursor or "")["sources"]) == set(known_sources())
    assert watch.look() == []


def test_a_changed_folder_asks_for_its_own_partition_and_no_other(
    lake: Path, instance: dg.DagsterInstance
) -> None:
    watch = Watch(lake, instance)
    watch.look()
    (lake / "sources" / "folder" / "b.jpg").write_bytes(paint_jpeg(3))
    assert watch.look() == ["folder"]
    assert watch.look() == []


def test_every_changed_source_has_a_run_of_its_own(
    lake: Path, instance: dg.DagsterInstance
) -> None:
    watch = Watch(lake, instance)
    watch.look()
    (lake / "sources" / "oasis" / "a.jpg").write_bytes(b"other")
    (lake / "sources" / "emoset").mkdir()
    (lake / "sources" / "emoset" / "info.json").write_bytes(b"{}")
    shutil.rmtree(lake / "sources" / "folder")
    assert watch.look() == ["emoset", "folder", "oasis"]
    assert watch.look() == []


def test_a_touched_file_of_the_same_contents_asks_for_nothing(
    lake: Path, instance: dg.DagsterInstance
) -> None:
    watch = Watch(lake, instance)
    watch.look()
    os.utime(lake / "sources" / "folder" / "a.jpg", (1, 1))
    assert watch.look() == []


def test_a_folder_that_changes_back_and_forth_is_read_every_time(
    lake: Path, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    watch = Watch(lake, instance)
    watch.look()
    picture, aside = lake / "sources" / "folder" / "a.jpg", tmp_path / "aside.jpg"
    keys = []
    for _ in range(2):
        picture.rename(aside)
        keys += [request.run_key for request in watch.requests()]
        aside.rename(picture)  # with its old time: the folder is what it was
        keys += [request.run_key for request in watch.requests()]
    assert len(keys) == 4
    # Dagster starts a run once per key, and passes over a second request with the same one.
    given = [key for key in keys if key is not None]
    assert len(set(given)) == len(given)


def test_what_a_sensor_asks_for_runs(lake: Path, instance: dg.DagsterInstance) -> None:
    watch = Watch(lake, instance)
    watch.look()
    (lake / "sources" / "folder" / "b.jpg").write_bytes(paint_jpeg(3))
    (request,) = watch.requests()
    job = build_definitions(str(lake)).resolve_job_def(build_dataset.name)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, tags=dict(request.tags), asset_selection=INGEST
        )
    assert result.success
    assert [path.name for path in (lake / "tables" / "ingest__records").iterdir()] == [
        "folder.parquet"
    ]


def test_the_schedule_asks_for_every_source(lake: Path) -> None:
    with dg.build_schedule_context() as context:
        request = nightly_build(context)
    assert isinstance(request, dg.RunRequest)
    job = build_definitions(str(lake)).resolve_job_def(build_dataset.name)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, tags=dict(request.tags), asset_selection=INGEST
        )
    assert result.success
    written = {path.stem for path in (lake / "tables" / "ingest__records").iterdir()}
    assert written == set(known_sources())


def test_a_run_is_asked_for_when_people_have_said_more(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    root = make_review_root(tmp_path / "reviewed", 3)

    def look(cursor: str | None = None) -> tuple[list[str], str | None]:
        with dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"reviews": Reviews(root)}
        ) as context:
            result = sensors(root.path)["new_votes"].evaluate_tick(context)
        return [request.tags["eemo/last_event"] for request in result.run_requests or ()], (
            result.cursor
        )

    assert look()[0] == []
    last = one_vote(root, "ann")
    asked, cursor = look()
    assert asked == [cursor] == [str(last)]
    assert look(cursor)[0] == []
    # Switched on anew, it knows what the last run took in.
    instance.report_runless_asset_event(
        dg.AssetMaterialization("review__votes", metadata={"last_event": last})
    )
    assert look()[0] == []
    later = one_vote(root, "ben")
    assert look()[0] == [str(later)]
