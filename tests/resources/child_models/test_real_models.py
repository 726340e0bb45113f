"""Real model classes with tiny random weights, where torch is installed: `make models`.

They prove the plumbing: shapes, order, devices, files. What weights are worth is not seen here.
"""

import io
import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.verifier import VerificationRequest
from eemo_pipeline.vlm.image_encoding import encode_picture
from resources.child_models.child_process import (
    Child,
    ChildProblem,
    Patience,
    describe_child,
    program_command,
)
from resources.child_models.child_verifier import POLICY
from resources.child_models.classifier_verifier import MODEL, PYTHON, build_classifier

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
EMOVIT = Path(__file__).parents[3] / "resources" / "child_models" / "emovit"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vision transformer that names the eight emotions, as `save_pretrained` leaves it."""
    torch.manual_seed(3)
    place = tmp_path_factory.mktemp("classifier")
    config = transformers.ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        image_size=32,
        patch_size=8,
        id2label=dict(enumerate(name.title() for name in MIKELS_8)),
        initializer_range=0.5,
    )
    transformers.ViTForImageClassification(config).save_pretrained(place)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(place)
    return place


def paint(folder: Path, seed: int) -> VerificationRequest:
    path = folder / f"{seed}.png"
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((90, 60), Image.Resampling.BICUBIC).save(path)
    return VerificationRequest(file_sha256(path), path)


def test_a_model_by_name_is_read_from_the_cache_or_refused_where_the_hub_is_silent(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    cached = tmp_path / "hub" / "models--tiny--classifier"
    shutil.copytree(folder, cached / "snapshots" / ("1" * 40))
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("1" * 40)
    command = program_command("image_classifier.py", PYTHON)
    told = describe_child([*command, "tiny/classifier"], MODEL)
    assert (told["id"], told["version"]) == ("ViTForImageClassification", "8 labels")
    with pytest.raises(ChildProblem, match=r"no such folder.*does not answer.*let HF_HOME name"):
        describe_child([*command, "no/such-model"], MODEL)


def test_a_classifier_judges_in_batches_as_it_does_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODEL, str(folder))
    verifier = build_classifier(Patience(answer_s=120))
    assert verifier.batch > 1
    assert verifier.describe().model.startswith("ViTForImageClassification 8 labels, weights ")
    pictures = [paint(tmp_path, seed) for seed in range(70)]
    ledger, another = Ledger(tmp_path / "one.sqlite"), Ledger(tmp_path / "two.sqlite")
    answers = verifier.answer(pictures, ledger).values
    alone = verifier.answer(pictures[-1:], another).values
    ledger.close()
    another.close()
    assert {answer["status"] for answer in answers} == {"ok"}
    assert len({answer["emotion"] for answer in answers}) > 1
    # In a batch of another size sums are in another order.
    assert alone[0]["distribution"] == pytest.approx(answers[-1]["distribution"], abs=1e-5)
    model = transformers.AutoModelForImageClassification.from_pretrained(folder)
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    for request, answer in list(zip(pictures, answers, strict=True))[::10]:
        seen = encode_picture(request.path, POLICY, request.image_id).data
        with Image.open(io.BytesIO(seen)) as picture:
            shown = picture.convert("RGB")
        with torch.inference_mode():
            logits = model(**processor(images=shown, return_tensors="pt")).logits[0]
        shares = torch.softmax(logits.double(), 0).tolist()
        assert answer["distribution"] == pytest.approx(shares, abs=1e-5)


def test_a_line_that_holds_no_picture_is_an_error_of_its_own(folder: Path) -> None:
    script = EMOVIT.parent / "image_classifier.py"
    child = Child([sys.executable, str(script), str(folder)])
    good = {"image": "R0lGODdhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="}
    told = child.ask_together([good, {"image": "////"}, good])
    child.close()
    assert [sorted(set(answer) - {"id"}) for answer in told] == [
        ["scores"],
        ["reason", "status"],
        ["scores"],
    ]
    assert told[0]["scores"] == pytest.approx(told[2]["scores"], abs=1e-6)
    assert sum(told[0]["scores"].values()) == pytest.approx(1)


def convert(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EMOVIT / "convert_checkpoint.py"), str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def test_a_checkpoint_of_tensors_is_converted_without_running_code(tmp_path: Path) -> None:
    from safetensors.torch import load_file  # pyright: ignore[reportMissingImports]

    state = {"Qformer.a": torch.rand(3, 4), "query_tokens": torch.rand(1, 2), "step": 7}
    state["shared"] = state["Qformer.a"][:2]
    torch.save({"model": state}, tmp_path / "weights.pth")
    done = convert(tmp_path / "weights.pth", tmp_path / "emovit.safetensors")
    assert "sandbox" not in done.stderr
    tensors = load_file(tmp_path / "emovit.safetensors")
    assert set(tensors) == {"Qformer.a", "query_tokens", "shared"}
    assert all(torch.equal(tensors[name], state[name]) for name in tensors)
    hashes = json.loads((tmp_path / "emovit.json").read_text())
    for name, file in (("source", "weights.pth"), ("weights", "emovit.safetensors")):
        assert hashes[f"{name}_sha256"] == sha256((tmp_path / file).read_bytes()).hexdigest()


def test_a_pickled_module_is_named_as_what_it_is(tmp_path: Path) -> None:
    from safetensors.torch import load_file  # pyright: ignore[reportMissingImports]

    module = torch.nn.Linear(3, 2)
    torch.save(module, tmp_path / "module.pth")
    done = convert(tmp_path / "module.pth", tmp_path / "emovit.safetensors")
    assert "The file holds code" in done.stderr
    assert set(load_file(tmp_path / "emovit.safetensors")) == {"weight", "bias"}


# What serve.py needs of LAVIS: a model whose loss is the mean over the answer's tokens.
LAVIS = """
import torch
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.query_tokens = torch.nn.Parameter(torch.zeros(1))
        self.llm_proj = torch.nn.Linear(3, 1)
        self.frozen = torch.nn.Linear(2, 2)  # LAVIS brings it, EmoVIT's file does not
    def forward(self, samples):
        assert samples["image"].shape == (1, 3, 224, 224)
        (prompt,), (name,) = samples["text_input"], samples["text_output"]
        assert prompt.endswith("Predict emotion:")
        warmth = self.llm_proj(samples["image"].mean(dim=(0, 2, 3)))
        return {"loss": warmth.sum() * (1 if name == "fear" else 2) + 3}
def load_model_and_preprocess(name, model_type, is_eval, device):
    print("loading, and saying so where answers are expected")
    assert (name, model_type, is_eval) == ("blip2_vicuna_instruct", "vicuna7b", True)
    def show(picture):
        import numpy
        pixels = numpy.asarray(picture.resize((224, 224)), dtype="float32") / 255
        return torch.from_numpy(pixels).permute(2, 0, 1)
    return Model().to(device).eval(), {"eval": show}, None
"""


def test_emovit_is_served_by_its_converted_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resources.child_models.emovit_verifier import COMMAND, build_emovit

    (tmp_path / "lavis").mkdir()
    (tmp_path / "lavis" / "models.py").write_text(LAVIS)
    (tmp_path / "lavis" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    state = {
        "query_tokens": torch.zeros(1),
        "llm_proj.weight": torch.tensor([[9.0, 0.0, 0.0]]),
        "llm_proj.bias": torch.tensor([-1.0]),
    }
    torch.save(state, tmp_path / "weights.pth")
    convert(tmp_path / "weights.pth", tmp_path / "emovit.safetensors")
    command = f"{sys.executable} {EMOVIT / 'serve.py'} {tmp_path / 'emovit.safetensors'}"
    monkeypatch.setenv(COMMAND, command)
    verifier = build_emovit()
    red = VerificationRequest("", tmp_path / "red.png")
    Image.new("RGB", (50, 40), "red").save(red.path)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    request = VerificationRequest(file_sha256(red.path), red.path)
    (answer,) = verifier.answer([request], ledger).values
    ledger.close()
    # The loss of fear is 8 + 3, that of every other label 16 + 3.
    assert answer["emotion"] == "fear"
    assert answer["probability"] == pytest.approx(1 / (1 + 7 * np.exp(-8)), abs=1e-3)


def test_other_weights_are_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lavis").mkdir()
    (tmp_path / "lavis" / "models.py").write_text(LAVIS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    torch.save({"llm_proj.weight": torch.zeros(1, 3), "other": torch.zeros(1)}, tmp_path / "w.pth")
    convert(tmp_path / "w.pth", tmp_path / "emovit.safetensors")
    command = [sys.executable, str(EMOVIT / "serve.py"), str(tmp_path / "emovit.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, input="")
    assert done.returncode == 1
    assert "is not this model's" in done.stderr
    assert "query_tokens" in done.stderr
