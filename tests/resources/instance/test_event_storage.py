"""Dagster's events in files that stay open: what is written is seen, in this process and others."""

import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

import dagster as dg

from resources.instance.dagster_home import open_instance, prepare_home
from resources.instance.event_storage import EventLog

READER = """
import sys
from dagster import AssetKey
from resources.instance.dagster_home import open_instance
from pathlib import Path
with open_instance(Path(sys.argv[1])) as instance:
    (run,) = instance.get_runs()
    event = instance.get_latest_materialization_event(AssetKey("thing"))
    print(run.status.value, event.asset_materialization.metadata["rows"].value)
"""


@dg.asset
def thing() -> dg.MaterializeResult:
    """One row per thing."""
    return dg.MaterializeResult(metadata={"rows": 3})


def test_another_process_reads_while_the_files_are_open(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        assert dg.materialize([thing], instance=instance).success
        read = subprocess.run(
            [sys.executable, "-c", READER, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
    assert read.stdout.split() == ["SUCCESS", "3"]


def test_events_of_another_process_are_told_as_they_come(tmp_path: Path) -> None:
    seen: list[str] = []
    is_over = threading.Event()

    def hear(event: dg.EventLogEntry, _: str) -> None:
        seen.append(event.dagster_event_type.value if event.dagster_event_type else "")
        if seen[-1] == "PIPELINE_SUCCESS":
            is_over.set()

    run_id, job = str(uuid4()), dg.Definitions([thing]).resolve_implicit_global_asset_job_def()
    with open_instance(tmp_path) as ours, open_instance(tmp_path) as theirs:
        ours.watch_event_logs(run_id, None, hear)
        job.execute_in_process(instance=theirs, run_id=run_id)
        assert is_over.wait(120)
        ours.end_watch_event_logs(run_id, hear)
    assert "ASSET_MATERIALIZATION" in seen


def test_a_history_that_is_wiped_can_be_written_again(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        first = dg.materialize([thing], instance=instance)
        instance.wipe()
        assert instance.get_runs() == []
        assert instance.all_logs(first.run_id) == []
        assert dg.materialize([thing], instance=instance).success
        assert len(instance.get_runs()) == 1


def test_a_history_that_dagster_began_goes_on(tmp_path: Path) -> None:
    home = prepare_home(tmp_path)
    settings = (home / "dagster.yaml").read_text()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(home)) as plain:
        assert not isinstance(plain.event_log_storage, EventLog)
        dg.materialize([thing], instance=plain)
    with open_instance(tmp_path) as instance:
        assert (home / "dagster.yaml").read_text() == settings
        assert len(instance.get_runs()) == 1
        assert instance.get_latest_materialization_event(dg.AssetKey("thing"))
