"""The contract of a job folder beyond results: locks, environments, failures, other trainers."""

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from eemo_pipeline.stages.training.job_folder import (
    IncompleteRun,
    is_complete,
    link_file,
    prepare_job,
    read_result,
)
from eemo_pipeline.stages.training.job_reporting import JobFailed, open_job
from eemo_pipeline.stages.training.jobs import trainer_command
from resources.launchers.choice import BadLauncher, LauncherResource, build_launcher
from resources.launchers.job_command import job_command
from resources.launchers.subprocess_launcher import end_group

# A trainer of another project, as far as our job sees it: it reads a file and writes metrics.
TRAINER = """
import json, pathlib, sys
train, output = sys.argv[1:]
rows = pathlib.Path(train).read_text().splitlines()
with open(pathlib.Path(output, "logging.jsonl"), "w") as log:
    for step, _ in enumerate(rows, 1):
        log.write(json.dumps({"global_step/max_steps": f"{step}/{len(rows)}", "loss": 1 / step}))
        log.write("\\n")
    log.write("not json\\n[1]\\n")
pathlib.Path(output, "adapter_model.safetensors").write_text("weights")
"""


def prepare(folder: Path, command: list[str], about: dict[str, str] | None = None) -> None:
    export = folder.parent / "qa_train.jsonl"
    export.parent.mkdir(parents=True, exist_ok=True)
    export.write_text('{"a": 1}\n{"a": 2}\n')
    parameters = {
        "command": command,
        "base": "a/model",
        "train_file": "qa_train.jsonl",
        "train_rows": 2,
        "metrics": "logging.jsonl",
        "artefact": "adapter_model.safetensors",
    }
    linked = {"export/qa_train.jsonl": (export, file_hash(export))}
    refused = pl.DataFrame(schema={"sample_id": pl.String})
    prepare_job(folder, "trainer_command", "m", 1, parameters, {"refused": refused}, about, linked)


def file_hash(path: Path) -> str:
    from eemo_pipeline.lake.parquet import file_sha256

    return file_sha256(path)


def test_another_trainer_runs_by_its_own_command(tmp_path: Path) -> None:
    script = tmp_path / "trainer.py"
    script.write_text(TRAINER)
    folder = tmp_path / "job"
    prepare(folder, ["python", str(script), "{train}", "{output}"], {"recipe": "mine"})
    trainer_command.main(folder)
    row = read_result(folder, tmp_path, usd_per_gpu_hour=2.0).row(0, named=True)
    assert (row["recipe"], row["status"], row["train_count"]) == ("mine", "ok", 2)
    assert (row["step_count"], row["train_loss"]) == (2, 0.5)
    assert (row["gpu_hours"], row["usd"], row["device"]) == (0.0, 0.0, "cpu")
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"step": 1, "loss": 1.0},
        {"step": 2, "loss": 0.5},
    ]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["python", "-c", "raise SystemExit(3)"], "ended with code 3"),
        (["python", "-c", "pass"], "without adapter_model.safetensors"),
        (["no-such-trainer"], "EEMO_VERL_PYTHON"),
    ],
)
def test_a_trainer_that_fails_says_so_in_the_folder(tmp_path, command, message) -> None:
    folder = tmp_path / "job"
    prepare(folder, command, {"environment": "verl"})
    with pytest.raises(JobFailed, match=message):
        trainer_command.main(folder)
    assert message in json.loads((folder / "failure.json").read_text())["message"]
    assert not is_complete(folder)


def test_a_folder_runs_in_one_process_at_a_time(tmp_path: Path) -> None:
    prepare(tmp_path / "job", ["python", "-c", "pass"])
    with (tmp_path / "job" / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (
            pytest.raises(JobFailed, match="another process is running"),
            open_job(tmp_path / "job"),
        ):
            pass


def test_a_missing_package_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    prepare(folder, ["python", "-c", "pass"], {"environment": "ms_swift"})
    (folder / "environment.txt").write_text("# pins\npolars==0.0.1\nno-such-trainer==1.0\n")
    with pytest.raises(JobFailed, match=r"lacks no-such-trainer\. Install .*EEMO_MS_SWIFT_PYTHON"):
        trainer_command.main(folder)


def test_an_input_is_linked_and_a_changed_one_is_noticed(tmp_path: Path) -> None:
    prepare(tmp_path / "job", ["python", "-c", "pass"])
    linked = tmp_path / "job" / "export" / "qa_train.jsonl"
    assert linked.samefile(tmp_path / "qa_train.jsonl")
    (tmp_path / "qa_train.jsonl").write_text("another")
    with pytest.raises(IncompleteRun, match="prepare the job again"), open_job(tmp_path / "job"):
        pass
    link_file(tmp_path / "qa_train.jsonl", linked)  # what is there is kept
    assert linked.read_text() == "another"


def test_the_environment_chooses_the_interpreter(tmp_path, monkeypatch) -> None:
    prepare(tmp_path / "job", ["python", "-c", "pass"], {"environment": "verl"})
    module = "eemo_pipeline.stages.training.jobs.trainer_command"
    assert job_command(tmp_path / "job")[:3] == [sys.executable, "-m", module]
    monkeypatch.setenv("EEMO_VERL_PYTHON", "/opt/verl/bin/python -X dev")
    assert job_command(tmp_path / "job")[:4] == ["/opt/verl/bin/python", "-X", "dev", "-m"]


def test_a_job_by_hand_is_prepared_and_its_commands_are_said(tmp_path: Path) -> None:
    prepare(tmp_path / "job", ["python", "-c", "pass"])
    with pytest.raises(
        IncompleteRun, match=r"By hand: .* -m .*On Slurm: sbatch --cpus-per-task=1 --requeue"
    ):
        build_launcher("by_hand").launch(tmp_path / "job")
    with pytest.raises(BadLauncher, match="subprocess, ray or by_hand"):
        build_launcher("rocket")


def test_a_cancelled_job_ends_with_everything_that_it_started(tmp_path: Path) -> None:
    """The child of the job ignores SIGTERM, as a busy data loader would."""
    child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    program = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid))\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child_pid = int((tmp_path / "pid").read_text())
    end_group(process, grace_s=1)
    assert process.wait() < 0
    while _is_alive(child_pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")  # noqa: PTH110


def test_the_launcher_tells_the_reason_of_the_job(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    prepare(folder, ["python", "-c", "raise SystemExit(3)"])

    @dg.asset
    def training__runs(launcher: dg.ResourceParam[object]) -> None:
        launcher.launch(folder)  # pyright: ignore[reportAttributeAccessIssue]

    result = dg.materialize(
        [training__runs],
        resources={"launcher": LauncherResource()},
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )
    (failure,) = result.get_step_failure_events()
    assert "ended with code 3" in str(failure.step_failure_data.error)
    assert (folder / "job.log").exists()
