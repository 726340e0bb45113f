"""Failures of training, each as a sentence that names the key of the recipe that cures it.

Where a limit of the operating system can bring it about, a real job fails in a child of its own;
a GPU's failures are the libraries' own exceptions with the words that they have.
"""

import errno
import json
import os
import resource
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.stages.training.job_failures import explain_failures
from eemo_pipeline.stages.training.job_folder import is_complete, job_module, read_failure
from eemo_pipeline.stages.training.job_reporting import JobFailed
from resources.launchers.subprocess_launcher import explain_exit
from tests.support.training_lake import Lake, write_recipe

MISSING = [name for name in ("torch", "transformers", "trl", "peft") if find_spec(name) is None]
needs_models = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (make models)"
)
pytestmark = pytest.mark.filterwarnings("ignore")
RECIPE = {
    "batch_size_per_device": 8,
    "max_pixels": 1024,
    "accumulation_steps": 2,
    "learning_rate": 0.1,
    "warmup_ratio": 0.0,
    "save_steps": 2,
}
SIZES = r"out of memory: lower batch_size_per_device \(now 8\), max_pixels \(now 1024\) in the"
DISK = r"is full, or a limit on files was reached: free some space, or raise save_steps \(now 2\)"
GPU = "the GPU was lost or failed .*goes on from its last whole checkpoint; .* gpus: 0"
NUMBERS = r"the model's output is not finite.* lower learning_rate \(now 0.1\)"


def fail(error: BaseException, folder: Path) -> None:
    with explain_failures(RECIPE, folder):
        raise error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), SIZES),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"), SIZES),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. "), SIZES),
        (OSError(errno.ENOSPC, "No space left on device"), DISK),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), DISK),
        (Exception("No space left on device (os error 28)"), DISK),  # of a tokenizer
        (RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0"), DISK),
        (RuntimeError("NCCL communicator was aborted on rank 1."), GPU),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), GPU),
        (RuntimeError("probability tensor contains either `inf`, `nan` or element < 0"), NUMBERS),
    ],
)
def test_a_failure_is_told_by_its_cure(error, told, tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match=told):
        fail(error, tmp_path)


@needs_models
def test_failures_of_libraries_are_known_by_their_own_classes(tmp_path: Path) -> None:
    import torch  # pyright: ignore
    from safetensors import SafetensorError  # pyright: ignore

    memory = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has")
    lost = torch.AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors")
    full = SafetensorError("Error while serializing: I/O error: No space left on device")
    for error, told in ((memory, SIZES), (lost, GPU), (full, DISK)):
        with pytest.raises(JobFailed, match=told):
            fail(error, tmp_path)


@needs_models
def test_what_a_loaders_process_says_is_passed_on_without_its_traceback(tmp_path: Path) -> None:
    from torch.utils.data import DataLoader  # pyright: ignore

    class Gone:
        def __len__(self) -> int:
            return 1

        def __getitem__(self, _: int) -> int:
            raise JobFailed("images/x is gone: start the training again")

    loader: Any = DataLoader(Gone(), num_workers=1)  # pyright: ignore[reportArgumentType]
    with pytest.raises(JobFailed) as told, explain_failures(RECIPE, tmp_path):
        list(loader)
    assert str(told.value) == "images/x is gone: start the training again"


def test_another_error_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a mistake of ours"):
        fail(ValueError("a mistake of ours"), tmp_path)


@pytest.mark.parametrize("code", [-signal.SIGKILL, 128 + signal.SIGKILL])
def test_a_killed_job_names_the_keys_that_its_own_recipe_has(tmp_path: Path, code: int) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"run_id": "a", "parameters": {"mapped": 60}}))
    told = explain_exit(tmp_path, code)
    assert "killed, most often for want of memory: lower mapped (now 60) in the recipe" in told


class ChildLauncher:
    """Runs a job in a child under a limit of the operating system, and keeps its exit code."""

    def __init__(self, limit: int, size: int, ready: Callable[[Path], None] | None = None) -> None:
        self.limit, self.size, self.ready = limit, size, ready

    def launch(self, folder: Path) -> None:
        if self.ready:
            self.ready(folder)
        done = subprocess.run(
            [sys.executable, "-m", job_module(folder), str(folder)],
            env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            preexec_fn=lambda: resource.setrlimit(self.limit, (self.size, self.size)),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr[-2000:]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A data root on which `sft_lora` and `hidden_states` have run."""
    root = tmp_path_factory.mktemp("lake")
    lake = Lake(root)
    lake.train(write_recipe(root, "sft_lora", then=[]))
    lake.train(write_recipe(root, "des_head", base="tiny", then=[]))
    return lake


def run_limited(lake: Lake, recipe: str, launcher: Any) -> str:
    """Run a recipe that fails by a launcher of its own, and return the job's own words."""
    here, lake.launcher = lake.launcher, launcher
    try:
        with pytest.raises(Exception, match="ended without a result"):
            lake.train(recipe)
    finally:
        lake.launcher = here
    return str(read_failure(lake.root.training / Path(recipe).stem))


@needs_models
def test_too_little_memory_names_the_sizes(lake: Lake, tmp_path: Path) -> None:
    """A head of a thousand million dimensions would take a hundred gigabytes."""
    recipe = write_recipe(
        tmp_path, "des_head", "large_head", base="tiny", then=[], dimension=8 * 10**8
    )
    told = run_limited(lake, recipe, ChildLauncher(resource.RLIMIT_AS, 16 * 1024**3))
    assert told.startswith("out of memory: lower batch_size (now 16), max_pixels (now 1024)")
    assert "dimension (now 800000000) in the recipe" in told


@needs_models
def test_a_full_disk_leaves_whole_checkpoints_alone_and_the_run_goes_on(
    lake: Lake, tmp_path: Path
) -> None:
    """The optimiser's state is the first file that does not fit."""
    whole = lake.root.training / "sft_lora"
    recipe = write_recipe(tmp_path, "sft_lora", "sft_small_disk", then=[])

    def ready(folder: Path) -> None:
        shutil.copytree(whole / "base", folder / "base")
        checkpoint = folder / "checkpoints" / "checkpoint-4"
        shutil.copytree(whole / "checkpoints" / "checkpoint-4", checkpoint)
        run_id = json.loads((folder / "job.json").read_text())["run_id"]
        (folder / "checkpoints" / "run_id.txt").write_text(run_id)
        lines = (whole / "metrics.jsonl").read_text().splitlines(keepends=True)
        (folder / "metrics.jsonl").write_text("".join(lines[:4]))

    told = run_limited(lake, recipe, ChildLauncher(resource.RLIMIT_FSIZE, 100_000, ready))
    assert "free some space, or raise save_steps (now 2)" in told
    folder = lake.root.training / "sft_small_disk"
    assert [p.name for p in (folder / "checkpoints").glob("checkpoint-*")] == ["checkpoint-4"]
    lake.train(recipe)
    assert is_complete(folder)
    for name in ("merged/model.safetensors", "metrics.jsonl"):
        assert file_sha256(folder / name) == file_sha256(whole / name), name


class SpoiltLauncher:
    """Spoils a prepared folder, and runs its job in this process."""

    def __init__(self, spoil: Callable[[Path], None]) -> None:
        self.spoil = spoil

    def launch(self, folder: Path) -> None:
        self.spoil(folder)
        runpy.run_module(job_module(folder))["main"](folder)


def remove_image(folder: Path) -> None:
    next(iter(sorted((folder / "images").iterdir()))).unlink()


def change_image(folder: Path) -> None:
    image = next(iter(sorted((folder / "images").iterdir())))
    image.unlink()
    image.write_bytes(b"another image")


def leave(_: Path) -> None:
    pass


def reach_for_hub(_: Path) -> None:
    """Let the job ask a hub, where nothing listens; the test sets both back."""
    import huggingface_hub as hub  # pyright: ignore

    hub.constants.HF_HUB_OFFLINE = False
    hub.constants.ENDPOINT = "http://127.0.0.1:9"


@needs_models
@pytest.mark.parametrize(
    ("changes", "spoil", "told"),
    [
        ({}, remove_image, "is gone: start the training again"),
        ({}, change_image, "was changed since .* remove it, and start the training again"),
        (
            {"learning_rate": 1e30},
            leave,
            r"loss is nan at step .* \(now 1e\+30\), or raise warm",
        ),
        (
            {"gpus": 1},
            leave,
            "asks for gpus: 1, and torch sees 0.* gpus: 0 in the recipe",
        ),
        (
            {"base": "no/such-model"},
            leave,
            "base model no/such-model cannot be read .*HF_HUB_OFFLINE forbids .*key base",
        ),
        (
            {"base": "no/other-model"},
            reach_for_hub,
            r"base model no/other-model .*the hub at http://127\.0\.0\.1:9 does not answer",
        ),
    ],
)
def test_what_stops_a_training_names_its_cure(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes, spoil, told
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "")
    recipe = write_recipe(tmp_path, "sft_lora", "spoilt", then=[], **changes)
    here, lake.launcher = lake.launcher, SpoiltLauncher(spoil)  # pyright: ignore
    try:
        with pytest.raises(JobFailed, match=told):
            lake.train(recipe)
    finally:
        lake.launcher = here
    shutil.rmtree(lake.root.training / "spoilt")
