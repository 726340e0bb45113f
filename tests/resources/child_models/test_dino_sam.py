"""Grounding DINO with SAM and SAM 2: real model classes with tiny random weights, in their process.

The weights prove the plumbing: boxes, masks, order, batches. What they would find is not seen here.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.answering import Answers, Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.grounder import ROLE, STAGE, GrounderDescription, GroundingRequest
from eemo_pipeline.stages.grounding.limits import GroundingLimits
from resources.child_models import dino_sam_grounder
from resources.child_models.child_grounder import ChildGrounder
from resources.child_models.child_process import ChildProblem, Patience
from resources.child_models.dino_sam_grounder import DETECTOR, SEGMENTER, build_dino_sam
from tests.support.grounding_models import save_tiny_models, save_tiny_sam2

# Random weights are sure of no box.
ANYTHING = GroundingLimits(box=0.0001, text=0.0001, overlap=0.9)
CHILDREN = Path(dino_sam_grounder.__file__).parent


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny models by name, as a user names them."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("models")
    detector, segmenter = save_tiny_models(folder)
    return {"detector": detector, "sam": segmenter, "sam2": save_tiny_sam2(folder / "sam2")}


def build(models: dict[str, Path], segmenter: str = "sam") -> ChildGrounder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DETECTOR, str(models["detector"]))
        patch.setenv(SEGMENTER, str(models[segmenter]))
        return build_dino_sam(ANYTHING, Patience(answer_s=120))


@pytest.fixture(scope="module")
def grounder(models: dict[str, Path]) -> ChildGrounder:
    return build(models)


def paint(folder: Path, seed: int, size: tuple[int, int] = (90, 60)) -> GroundingRequest:
    path = folder / f"{seed}.png"
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(path)
    return GroundingRequest(file_sha256(path), path, ("old dog", "sad old dog", "dog"))


def question(grounder: ChildGrounder, requests: list[GroundingRequest]) -> Inquiry:
    asks = [Ask(one.image_id, one, dict(grounder.parameters(one))) for one in requests]
    return Inquiry(ROLE, grounder.describe().model, asks, grounder.perform, STAGE)


def find(grounder: ChildGrounder, requests: list[GroundingRequest], ledger: Ledger) -> Answers:
    return answer_all(ledger, question(grounder, requests))


SIZES = [(90, 60), (60, 90), (300, 6), (90, 60), (2000, 1500)]


def check_regions(answers: list[dict[str, Any]]) -> None:
    for answer, (width, height) in zip(answers, SIZES, strict=True):
        assert answer["status"] == "ok"
        assert 1 <= len(answer["regions"]) <= 8
        assert answer["phrase"] == "old dog"
        for region in answer["regions"]:
            assert 0 <= region["x1_px"] < region["x2_px"] <= width
            assert 0 <= region["y1_px"] < region["y2_px"] <= height
            assert (region["reason"] is None) == ("mask_counts" in region)


def test_real_models_find_regions_in_batches_as_they_do_alone(
    grounder: ChildGrounder, tmp_path: Path
) -> None:
    assert grounder.batch > 1
    requests = [paint(tmp_path, seed, size) for seed, size in enumerate(SIZES)]
    wordless = GroundingRequest(requests[0].image_id, requests[0].path)
    gone = GroundingRequest("0" * 64, tmp_path / "gone.png", ("dog",))
    ledger = Ledger(tmp_path / "ledger.sqlite")
    found = find(grounder, [*requests, wordless, gone], ledger)
    again = find(grounder, [*requests, wordless], ledger)
    # Another threshold asks again.
    slower = replace(grounder, batch=1, limits=replace(ANYTHING, mask_inside=0.8))
    alone = find(slower, requests, ledger)
    ledger.close()
    assert (again.work.asked, again.values) == (0, found.values[:-1])
    assert alone.work.asked == len(requests)
    assert found.values[-2] == {"status": "none", "reason": "no_subject"}
    assert found.values[-1]["reason"] == "unreadable_file"
    check_regions(found.values[:-2])
    for one, other in zip(alone.values, found.values, strict=False):
        for region, same in zip(one["regions"], other["regions"], strict=True):
            # In a batch of another length sums are in another order.
            assert region["score"] == pytest.approx(same["score"], abs=1e-4)
            assert region["x1_px"] == pytest.approx(same["x1_px"], abs=0.1)


def test_sam_2_makes_masks_too(models: dict[str, Path], tmp_path: Path) -> None:
    grounder = build(models, "sam2")
    weights = file_sha256(models["sam2"] / "model.safetensors")
    assert grounder.describe().model.endswith(f"; Sam2Model, weights {weights}")
    assert grounder.describe().thresholds == (
        "box 0.0001, text 0.0001, overlap 0.9, mask_share 0.001, mask_inside 0.9"
    )
    requests = [paint(tmp_path, seed, size) for seed, size in enumerate(SIZES)]
    ledger = Ledger(tmp_path / "ledger.sqlite")
    answers = find(grounder, requests, ledger).values
    ledger.close()
    check_regions(answers)


def test_a_segmenter_of_another_kind_is_refused_before_a_run(models: dict[str, Path]) -> None:
    with pytest.raises(ChildProblem, match=r"is a grounding-dino\. Choose one of sam, sam2"):
        build({**models, "sam": models["detector"]})


KILLED = """
import sys
from pathlib import Path
from eemo_pipeline.ledger.store import Ledger
from tests.resources.child_models.test_dino_sam import build, find, paint

detector, segmenter, folder = map(Path, sys.argv[1:])
requests = [paint(folder, seed) for seed in range(300)]
find(build({"detector": detector, "sam": segmenter}), requests, Ledger(folder / "ledger.sqlite"))
"""


def test_a_killed_run_of_300_images_goes_on_without_redoing_one(
    models: dict[str, Path], grounder: ChildGrounder, tmp_path: Path
) -> None:
    requests = [paint(tmp_path, seed) for seed in range(300)]
    keys = [a.key(ROLE, grounder.describe().model) for a in question(grounder, requests).asks]
    arguments = [models["detector"], models["sam"], tmp_path]
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, *map(str, arguments)], stderr=subprocess.DEVNULL
    )
    ledger = Ledger(tmp_path / "ledger.sqlite")
    while len(ledger.find(keys)) < 60:
        assert run.poll() is None, "the run ended before it could be killed"
        time.sleep(0.2)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    kept = ledger.find(keys)
    resumed = find(grounder, requests, ledger)
    again = find(grounder, requests, ledger)
    ledger.close()
    assert 60 <= len(kept) < 300
    assert (resumed.work.asked, resumed.work.reused) == (300 - len(kept), len(kept))
    assert (again.work.asked, again.values) == (0, resumed.values)
    assert {answer["status"] for answer in resumed.values} == {"ok"}


# The served program, with models that go wrong as the colour of an image says.
SPOILED = """
import sys
sys.path.insert(0, sys.argv[1])
import dino_sam
from grounding_lines import serve

def colour(pixels):
    means = pixels.mean(dim=(1, 2))
    return "grey" if means.max() - means.min() < 1 else "red green blue".split()[means.argmax()]

def spoil_boxes(model, args, inputs, outputs):
    for place, pixels in enumerate(inputs["pixel_values"]):
        outputs.pred_boxes[place] = {
            "red": outputs.pred_boxes[place] * float("nan"),
            "green": outputs.pred_boxes[place] + 2,
        }.get(colour(pixels), outputs.pred_boxes[place])

def spoil_masks(model, args, inputs, outputs):
    for place, pixels in enumerate(inputs["pixel_values"]):
        if colour(pixels) == "blue":
            outputs.pred_masks[place] = -1

models = dino_sam.DinoSam(*sys.argv[2:4])
models.detector.register_forward_hook(spoil_boxes, with_kwargs=True)
models.segmenter.model.register_forward_hook(spoil_masks, with_kwargs=True)
serve(models)
"""


def save(folder: Path, name: str, image: Image.Image, phrase: str = "dog") -> GroundingRequest:
    path = folder / f"{name}.{'jpg' if image.mode == 'CMYK' else 'png'}"
    image.save(path)
    return GroundingRequest(file_sha256(path), path, (phrase,))


def test_bad_images_and_bad_models_cost_their_image_alone(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    pytest.importorskip("transformers")
    # A thousand boxes need an image of more than a thousand places.
    detector, segmenter = save_tiny_models(tmp_path_factory.mktemp("many"), 1000, side=256)
    command = (sys.executable, "-c", SPOILED, str(CHILDREN), str(detector), str(segmenter))
    limits = GroundingLimits(box=0.0001, text=0.0001, overlap=1.0, mask_inside=0.0)
    description = GrounderDescription("a", "b", "c", "d")
    grounder = ChildGrounder(description, command, limits, Patience(answer_s=120), batch=4)
    size = (64, 64)
    noise = Image.open(paint(tmp_path, 1).path).resize(size)
    requests = {
        "a thousand boxes": save(tmp_path, "grey", noise.convert("L")),
        "boxes that are no numbers": save(tmp_path, "red", Image.new("RGB", size, "red")),
        "boxes outside": save(tmp_path, "green", Image.new("RGB", size, (0, 255, 0))),
        "no mask": save(tmp_path, "blue", Image.new("RGB", size, (0, 0, 255))),
        "1 x 5000": save(tmp_path, "line", Image.new("L", (1, 5000), 9)),
        "CMYK": save(tmp_path, "cmyk", noise.convert("CMYK")),
        "100 MP": save(tmp_path, "large", Image.new("L", (10_000, 10_000), 90)),
        "markup": replace(paint(tmp_path, 2, size), phrases=("<b>dog</b> [SEP] . ?",)),
        "200 words": replace(paint(tmp_path, 3, size), phrases=("dog " * 200,)),
        "no words": replace(paint(tmp_path, 4), phrases=()),
        "is fine": paint(tmp_path, 8, size),
    }
    ledger = Ledger(tmp_path / "ledger.sqlite")
    values = find(grounder, list(requests.values()), ledger).values
    ledger.close()
    told = dict(zip(requests, values, strict=True))
    assert {name: answer.get("reason", answer["status"]) for name, answer in told.items()} == {
        **dict.fromkeys(requests, "ok"),
        "boxes that are no numbers": "bad_boxes",
        "boxes outside": "bad_boxes",
        "1 x 5000": "too_narrow",
        "200 words": "RuntimeError",  # more tokens than the text encoder has places
        "no words": "no_subject",
    }
    many = told["a thousand boxes"]
    assert len(many["regions"]) == 8
    assert 900 < many["left_out"] <= 992  # boxes that are equal are suppressed
    assert {region["reason"] for region in told["no mask"]["regions"]} == {"mask_empty"}
    large = told["100 MP"]["regions"]
    assert all(0 <= region["x1_px"] < region["x2_px"] <= 10_000 for region in large)
    assert max(region["x2_px"] for region in large) > 1000
