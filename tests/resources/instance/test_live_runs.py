"""Runs that were killed: the next run records them as failed and frees the pools that they hold."""

import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from resources.instance.dagster_home import open_instance, prepare_home

REPOSITORY = Path(__file__).parents[3]
# A run that kills its process in a step that holds a pool.
KILLED = """
import os, signal, sys
from pathlib import Path
import dagster as dg
from resources.instance.dagster_home import open_instance

@dg.asset(pool="pixels")
def thing() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

with open_instance(Path(sys.argv[1])) as instance:
    dg.materialize([thing], instance=instance)
"""


@dg.asset(pool="pixels")
def thing() -> None:
    """One row per thing."""


def test_the_next_run_closes_a_killed_one_and_takes_its_pool(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with open_instance(tmp_path) as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.STARTED
        assert instance.event_log_storage.get_concurrency_run_ids() == {run.run_id}
        assert dg.materialize([thing], instance=instance).success
        statuses = [run.status for run in instance.get_runs()]
        assert statuses == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
        assert instance.event_log_storage.get_concurrency_run_ids() == set()
    assert list((tmp_path / ".dagster" / "alive").iterdir()) == []


def test_a_run_that_is_alive_is_left_alone(tmp_path: Path) -> None:
    seen: list[dg.DagsterRunStatus] = []

    @dg.asset
    def outer() -> None:
        with open_instance(tmp_path) as another:
            assert dg.materialize([thing], instance=another).success
            seen.extend(run.status for run in another.get_runs())

    with open_instance(tmp_path) as instance:
        assert dg.materialize([outer], instance=instance).success
    assert seen == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED]


@pytest.mark.parametrize("place", ["repository", "data root"])
def test_run_monitoring_frees_the_pools_of_ended_runs(tmp_path: Path, place: str) -> None:
    folder = REPOSITORY if place == "repository" else prepare_home(tmp_path)
    settings = yaml.safe_load((folder / "dagster.yaml").read_text("utf-8"))
    assert settings["run_monitoring"] == {
        "enabled": True,
        "free_slots_after_run_end_seconds": 5,
        "poll_interval_seconds": 10,
    }
