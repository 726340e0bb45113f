"""The same job folder on a Ray cluster of two nodes as in a subprocess; one node is killed."""

import json
import os
import re
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from PIL import Image

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.verifier import VerificationRequest
from eemo_pipeline.stages.training.job_folder import is_complete, prepare_job
from resources.child_models.emovit_verifier import COMMAND, build_emovit
from resources.launchers.choice import LauncherResource
from resources.launchers.ray_address import VARIABLE
from resources.steps import steps_executor
from tests.support.ray_cluster import LocalCluster, run_local_cluster

pytestmark = [
    pytest.mark.skipif(
        not all(find_spec(name) for name in ("ray", "dagster_ray")),
        reason="not installed: ray, dagster_ray (make cluster)",
    ),
    pytest.mark.filterwarnings("ignore"),
]
PATIENCE_S = 300
# A trainer that goes on where it was, a step at a time, until it is let go.
TRAINER = """
import json, os, pathlib, sys, time
folder, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
(folder / f"attempt-{os.getpid()}").write_text("")
with open(output / "log.jsonl", "w") as log:
    for step in range(1, 4):
        log.write(json.dumps({"step": step, "loss": 1 / step}) + "\\n")
while not (folder / "go").exists():
    time.sleep(0.05)
(output / "weights").write_text("weights")
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with run_local_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def prepare(folder: Path, tmp_path: Path, **resources: float) -> Path:
    """A folder whose job runs `TRAINER`."""
    script = tmp_path / "trainer.py"
    script.write_text(TRAINER)
    parameters = {
        "command": ["python", str(script), str(tmp_path), "{output}"],
        "base": "a/model",
        "train_file": "train.jsonl",
        "train_rows": 3,
        "metrics": "log.jsonl",
        "artefact": "weights",
    }
    refused = {"refused": pl.DataFrame(schema={"sample_id": pl.String})}
    prepare_job(folder, "trainer_command", "m", 1, parameters, refused, {"resources": resources})
    return folder


def launch(folder: Path, launcher: str) -> Any:
    """Run the folder's job within a run of Dagster."""

    @dg.asset
    def training__runs(launcher: dg.ResourceParam[Any]) -> dg.MaterializeResult[Any]:
        launcher.launch(folder)
        return dg.MaterializeResult()

    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [training__runs],
            resources={"launcher": LauncherResource(launcher=launcher)},
            instance=instance,
            raise_on_error=False,
        )


def await_(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def failure_of(result: Any) -> str:
    (failure,) = result.get_step_failure_events()
    return str(failure.step_failure_data.error)


def test_the_same_folder_gives_the_same_result_on_the_cluster(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, cluster.address)
    (tmp_path / "go").touch()
    here = prepare(tmp_path / "here", tmp_path)
    there = prepare(tmp_path / "there", tmp_path)
    assert launch(here, "subprocess").success
    done = launch(there, "ray")
    assert done.success, failure_of(done)
    for name in ("result.json", "metrics.jsonl", "job.json"):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
    assert "Running entrypoint" in (there / "job.log").read_text()


def test_a_job_that_no_node_can_take_says_so_and_gives_up(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, cluster.address)
    monkeypatch.setenv("EEMO_RAY_WAIT_S", "0")
    folder = prepare(tmp_path / "folder", tmp_path, gpus=1, memory_gb=2)
    failed = launch(folder, "ray")
    told = failure_of(failed)
    assert f"{folder} waits for a node with room for cpus 1, gpus 1 and memory_gb 2" in told
    assert "the most that one of 2 has of each is cpus 1, gpus 0 and memory_gb 4" in told
    assert "Lower these keys of the recipe" in told
    assert not list(tmp_path.glob("attempt-*"))


def test_a_job_whose_node_is_lost_ends_on_the_other_one_and_writes_once(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray.job_submission import JobSubmissionClient  # pyright: ignore

    monkeypatch.setenv(VARIABLE, cluster.address)
    whole = prepare(tmp_path / "whole", tmp_path)
    folder = prepare(tmp_path / "folder", tmp_path)
    jobs = JobSubmissionClient(cluster.address)

    def running() -> str | None:
        return next(
            (
                job.driver_node_id
                for job in jobs.list_jobs()
                if (job.submission_id or "").startswith("folder-") and job.status == "RUNNING"
            ),
            None,
        )

    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(launch(folder, "ray")))
    thread.start()
    try:
        await_(lambda: list(tmp_path.glob("attempt-*")) and (folder / "metrics.jsonl").exists())
        lost = await_(running)
        cluster.lose(lost)
        await_(lambda: len(list(tmp_path.glob("attempt-*"))) == 2)
        assert not is_complete(folder)
        assert await_(running) != lost
    finally:
        (tmp_path / "go").touch()
        thread.join(PATIENCE_S)
    assert results[0].success, failure_of(results[0])
    steps = [json.loads(line)["step"] for line in (folder / "metrics.jsonl").open()]
    assert steps == [1, 2, 3]
    assert launch(whole, "subprocess").success
    for name in ("result.json", "metrics.jsonl"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name
    attempts = [path.name.rpartition("-")[2] for path in tmp_path.glob("attempt-*")]
    assert not any(_is_running(pid) for pid in attempts)


def test_without_a_cluster_the_failure_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:9")  # where nothing listens
    failed = launch(prepare(tmp_path / "folder", tmp_path), "ray")
    assert not failed.success
    told = failure_of(failed)
    assert "no Ray cluster answers at http://127.0.0.1:9" in told
    assert "`make cluster`" in told


def test_a_lost_node_is_replaced_under_a_step_and_a_cluster_that_ends_under_a_job_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results: list[Any] = []
    (tmp_path / "cluster").mkdir()
    with run_local_cluster(tmp_path / "cluster") as small:
        judge_while_a_node_is_lost(small, tmp_path, monkeypatch)
        monkeypatch.setenv(VARIABLE, small.address)
        folder = prepare(tmp_path / "folder", tmp_path)
        thread = threading.Thread(target=lambda: results.append(launch(folder, "ray")))
        thread.start()
        await_(lambda: list(tmp_path.glob("attempt-*")))
    thread.join(PATIENCE_S)
    told = failure_of(results[0])
    assert "no longer answers" in told
    assert "goes on from its last checkpoint" in told
    (attempt,) = tmp_path.glob("attempt-*")
    await_(lambda: not _is_running(attempt.name.rpartition("-")[2]))


# A model that stops in front of its third image, if it is told to, until it is ended.
JUDGE = """
import json, os, pathlib, sys, time, zlib
if "--describe" in sys.argv:
    print(json.dumps({"id": "emovit", "weights_sha256": "ab" * 32, "gives": ["label"]}))
    sys.exit()
folder = pathlib.Path(sys.argv[1])
log = folder / "asked"
for line in sys.stdin:
    asked = json.loads(line)
    seen = zlib.crc32(asked["image"].encode())
    with log.open("a") as stream:
        print(seen, file=stream)
    if (folder / "stops").exists() and len(log.read_text().split()) == 3:
        (folder / "stopped").write_text(str(os.getppid()))
        time.sleep(600)
    print(json.dumps({"id": asked["id"], "text": ("awe", "fear")[seen % 2]}), flush=True)
"""


@dg.asset
def verification__replies(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    folder = Path(context.run.tags["folder"])
    paths = sorted(folder.glob("*.png"))
    requests = [VerificationRequest(file_sha256(path), path) for path in paths]
    verifier = build_emovit()
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        answers = verifier.answer(requests, ledger).values
        work = verifier.answer(requests, ledger).work
    told = {"answers": answers, "stored": work.reused, "asked again": work.asked}
    (folder / "told.json").write_text(json.dumps(told))
    return dg.MaterializeResult()


def judging_job() -> dg.JobDefinition:
    job = dg.define_asset_job("judging")
    definitions = dg.Definitions([verification__replies], jobs=[job], executor=steps_executor)
    return definitions.resolve_job_def("judging")


def judge(folder: Path, executor: str) -> Any:
    """Run the step over the images of a folder."""
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.execute_job(
            dg.reconstructable(judging_job),
            instance,
            run_config={"execution": {"config": {"executor": executor}}},
            tags={"folder": str(folder)},
        )


def judge_while_a_node_is_lost(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step whose model works on the cluster ends as it does here, and stores each answer once."""
    (tmp_path / "judge.py").write_text(JUDGE)
    monkeypatch.setenv("EEMO_RAY_CLUSTER", cluster.head)
    for folder in (here := tmp_path / "local", there := tmp_path / "ray"):
        folder.mkdir()
        for number in range(5):
            Image.new("RGB", (32, 32), (40 * number, 90, 10)).save(folder / f"{number}.png")
    words = [sys.executable, str(tmp_path / "judge.py")]
    monkeypatch.setenv(COMMAND, shlex.join([*words, str(here)]))
    assert judge(here, "local").success
    monkeypatch.setenv(COMMAND, shlex.join([*words, str(there)]))
    (there / "stops").touch()
    with ThreadPoolExecutor(1) as threads:
        judged = threads.submit(judge, there, "ray")
        await_(lambda: (there / "stopped").exists() or judged.done())
        actor = (there / "stopped").read_text()
        daemon = int(re.findall(r"PPid:\t(\d+)", Path(f"/proc/{actor}/status").read_text())[0])
        assert daemon in cluster.nodes.values()  # it works on a node, and not on the head
        os.kill(daemon, signal.SIGKILL)
        assert judged.result(PATIENCE_S).success
    told = json.loads((there / "told.json").read_text())
    assert told == json.loads((here / "told.json").read_text())
    assert (len(told["answers"]), told["stored"], told["asked again"]) == (5, 5, 0)
    asked, wanted = ((folder / "asked").read_text().split() for folder in (there, here))
    assert asked == [*wanted[:3], *wanted[2:]]  # the third again, and no other


def _is_running(pid: str) -> bool:
    try:
        return "trainer.py" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False
