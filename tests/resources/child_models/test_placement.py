"""Where child models work: the settings, and the command that goes to a cluster."""

import sys
from pathlib import Path

import pytest

from resources.child_models.child_process import ChildProblem, describe_child
from resources.child_models.placement import (
    CLUSTER,
    RESOURCES,
    VARIABLE,
    BadExecutor,
    Executor,
    current_executor,
    executed_by,
    place,
    read_executor,
    waits_s,
)
from resources.launchers.cluster_room import VARIABLE as WAIT


@pytest.mark.parametrize(
    ("name", "resources", "said"),
    [
        ("slurm", "", "there is no executor 'slurm': set EEMO_EXECUTOR to local or ray"),
        ("ray", "gpu=1", "has 'gpu': write cpus, gpus, memory_gb for every model"),
        ("ray", "judge.gpus=1", "behind grounder, image_embedder, model, similarity, verifier"),
        ("ray", "gpus=-1", "has gpus=-1: give a number from 0"),
        ("ray", "gpus=nan", "has gpus=nan"),
        ("ray", "gpus", "write name=number, separated by commas"),
    ],
)
def test_wrong_settings_name_the_right_ones(
    name: str, resources: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, name)
    monkeypatch.setenv(RESOURCES, resources)
    with pytest.raises(BadExecutor, match=said):
        place(["program"], "grounder")


def test_a_model_asks_for_what_its_role_needs_and_the_run_precedes_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert place(["program", "a b"], "grounder") == ("program", "a b")
    monkeypatch.setenv(VARIABLE, "ray")
    monkeypatch.setenv(RESOURCES, "cpus=2, grounder.gpus=1, grounder.memory_gb=12")
    assert read_executor().wanted("grounder") == {"cpus": 2, "gpus": 1, "memory_gb": 12}
    assert read_executor().wanted("verifier") == {"cpus": 2, "gpus": 0, "memory_gb": 0}
    assert read_executor("local", {"gpus": 0.5}).wanted("model")["gpus"] == 0.5
    with executed_by(Executor()):
        assert place(["program"], "grounder") == ("program",)
    assert current_executor().name == "ray"
    placed = place(["program", "a b"], "grounder")
    assert placed[-2:] == ("program", "a b")
    assert waits_s(placed) > waits_s(["program"]) == 0
    monkeypatch.setenv(WAIT, "soon")
    with pytest.raises(BadExecutor, match="EEMO_RAY_WAIT_S is 'soon'"):
        waits_s(placed)


def test_without_a_cluster_a_model_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="not installed: ray (make cluster)")
    monkeypatch.setenv(VARIABLE, "ray")
    monkeypatch.setenv(CLUSTER, "127.0.0.1:9")  # where nothing listens
    with pytest.raises(ChildProblem, match=r"no Ray cluster answers at 127\.0\.0\.1:9 ") as failed:
        describe_child(place([sys.executable, str(tmp_path / "model.py")], "grounder"), "A")
    assert "`make cluster`" in str(failed.value)
    assert "EEMO_EXECUTOR=local" in str(failed.value)
