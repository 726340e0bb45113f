"""The authors' own Grounding DINO and SAM: what a checkpoint may hold, and their real classes.

The classes run where `make grounding-native` has made their environment.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.grounding.limits import GroundingLimits
from resources.child_models import groundingdino_native_grounder as native
from resources.child_models.child_process import ChildProblem, Patience
from tests import support
from tests.resources.child_models.test_dino_sam import find, paint

ROOT = Path(native.__file__).parents[2]
PYTHON = ROOT / native.ENVIRONMENT
SUPPORT = Path(support.__file__).parent

needs_environment = pytest.mark.skipif(not PYTHON.is_file(), reason="no `make grounding-native`")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A random Grounding DINO and a random SAM, as their authors save them."""
    folder = tmp_path_factory.mktemp("checkpoints")
    script = SUPPORT / "tiny_native_models.py"
    subprocess.run([PYTHON, script, folder], check=True, capture_output=True)
    return folder / "groundingdino_swint_tiny.pth", folder / "sam_vit_b_tiny.pth"


def name(monkeypatch: pytest.MonkeyPatch, detector: Path, segmenter: Path, python: str) -> None:
    monkeypatch.setenv(native.DETECTOR, str(detector))
    monkeypatch.setenv(native.SEGMENTER, str(segmenter))
    monkeypatch.setenv(native.PYTHON, python)


@needs_environment
def test_the_real_classes_answer_as_their_authors_functions_do(
    checkpoints: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name(monkeypatch, *checkpoints, "")
    limits = GroundingLimits(box=0.0001, text=0.0001, overlap=0.9)
    grounder = native.build_native(limits, Patience(answer_s=120))
    model = grounder.describe().model
    assert model.startswith("groundingdino-py groundingdino_swint_tiny, weights ")
    assert "; segment-anything sam_vit_b_tiny, weights " in model
    requests = [paint(tmp_path, seed, (90, 60 + seed // 2)) for seed in range(4)]
    ledger = Ledger(tmp_path / "ledger.sqlite")
    answers = find(grounder, requests, ledger).values
    ledger.close()
    for answer in answers:
        assert (answer["status"], answer["phrase"]) == ("ok", "old dog")
        for region in answer["regions"]:
            assert 0 <= region["x1_px"] < region["x2_px"] <= 90
    oracle = [PYTHON, SUPPORT / "native_oracle.py", *checkpoints]
    told = subprocess.run(oracle, check=True, capture_output=True, text=True).stdout
    assert max(json.loads(told).values()) < 1e-5


def test_a_checkpoint_with_code_is_refused_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    trap, fine = tmp_path / "groundingdino_swint.pth", tmp_path / "sam_vit_b.pth"
    torch.save({"model": Trap(str(tmp_path / "ran"))}, trap)
    torch.save({"weight": torch.zeros(2)}, fine)
    name(monkeypatch, trap, fine, sys.executable)
    with pytest.raises(ChildProblem, match="is refused: it holds more than tensors"):
        native.build_native()
    assert not (tmp_path / "ran").exists()
    torch.save([1, 2], trap)
    with pytest.raises(ChildProblem, match="no table of tensors"):
        native.build_native()


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.path, "w")


def test_a_missing_checkpoint_or_environment_is_said_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, here = tmp_path / "gone.pth", tmp_path / "sam_vit_h.pth"
    here.touch()
    name(monkeypatch, gone, here, "")
    with pytest.raises(ChildProblem, match=r"EEMO_GROUNDING_DETECTOR is .*no file"):
        native.build_native()
    name(monkeypatch, here, here, "")
    monkeypatch.setattr(native, "ENVIRONMENT", Path("no-such-environment"))
    with pytest.raises(ChildProblem, match="make grounding-native"):
        native.build_native()
