"""Speed of grounding: run lengths and boxes against pycocotools, the child against a plain loop.

Grounding DINO (Swin-T) and SAM (ViT-B) have the size of the published ones and random weights. They
run on the GPU if there is one. `--small` takes tiny models, to see the program run. Needs torch and
transformers (`make models`), without which the geometry alone is measured.

    python benchmarks/grounding.py
"""

import argparse
import base64
import io
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco

from eemo_pipeline.imaging.box_matching import ious
from eemo_pipeline.imaging.boxes import Box, intersection_over_union
from eemo_pipeline.imaging.masks import encode, encode_compressed
from resources.child_models.child_process import Child, Patience

ROOT = Path(__file__).parents[1]
CHILDREN = ROOT / "resources" / "child_models"
PHRASES = ["old dog", "sad old dog", "dog"]
# Random weights are sure of no box, so any is taken: eight masks per image.
THRESHOLDS = {"box": 0.0001, "text": 0.0001, "overlap": 0.9}


def best_of(times: int, function: Callable[[], Any]) -> float:
    """Return the shortest time of several runs in seconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        spent.append(time.perf_counter() - began)
    return min(spent)


def compare_geometry() -> None:
    """Print the times of 1,000 masks and of a million pairs of boxes."""
    random = np.random.default_rng(0)
    shapes = [(341, 512), (512, 384), (512, 512)]
    masks = []
    for number in range(1000):
        height, width = shapes[number % 3]
        coarse = Image.fromarray(random.integers(0, 256, (6, 8), dtype=np.uint8))
        blob = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
        masks.append(blob > 140)
    theirs = best_of(5, lambda: [coco.encode(np.asfortranarray(m, np.uint8)) for m in masks])
    plain = best_of(5, lambda: [encode(mask) for mask in masks])
    ours = best_of(5, lambda: [encode_compressed(mask) for mask in masks])
    print(f"1,000 masks to run lengths   {plain * 1000:7.0f} ms")
    print(f"  the same, compressed       {ours * 1000:7.0f} ms, pycocotools {theirs * 1000:.0f} ms")
    corners = random.random((1000, 4)) * 500
    boxes = [Box(x, y, x + w, y + h) for x, y, w, h in corners]
    one_by_one = best_of(1, lambda: [[intersection_over_union(a, b) for b in boxes] for a in boxes])
    together = best_of(3, lambda: ious(boxes, boxes))
    print(
        f"IoU of 1,000 x 1,000 boxes   {together * 1000:7.0f} ms, a loop {one_by_one * 1000:.0f} ms"
    )


def save_models(folder: Path) -> tuple[Path, Path]:
    """Write both models in the size of the published ones, with random weights."""
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import (  # pyright: ignore[reportMissingImports]
        BertTokenizer,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessorPil,
        GroundingDinoProcessor,
        SamConfig,
        SamImageProcessorPil,
        SamModel,
        SamProcessor,
    )

    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "dog", "old", "sad"]
    (folder / "vocab.txt").write_text("\n".join(words))
    detector, segmenter = folder / "detector", folder / "segmenter"
    config = GroundingDinoConfig(disable_custom_kernels=True)
    GroundingDinoForObjectDetection(config).save_pretrained(detector)
    tokens = BertTokenizer(str(folder / "vocab.txt"))
    GroundingDinoProcessor(GroundingDinoImageProcessorPil(), tokens).save_pretrained(detector)
    SamModel(SamConfig()).save_pretrained(segmenter)
    SamProcessor(SamImageProcessorPil()).save_pretrained(segmenter)
    return detector, segmenter


def draw_images(count: int) -> list[bytes]:
    """Return JPEG files of 1024 x 768 px."""
    random = np.random.default_rng(0)
    files = []
    for _ in range(count):
        pixels = Image.fromarray(random.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        stream = io.BytesIO()
        pixels.resize((1024, 768), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=95)
        files.append(stream.getvalue())
    return files


def loop_plainly(models: tuple[Path, Path], files: Sequence[bytes]) -> tuple[float, str]:
    """Return seconds and device of the loop that the models' documentation shows."""
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import (  # pyright: ignore[reportMissingImports]
        GroundingDinoForObjectDetection,
        GroundingDinoProcessor,
        SamModel,
        SamProcessor,
    )

    device = "cuda" if torch.cuda.is_available() else "cpu"
    detector, segmenter = models
    reader: Any = GroundingDinoProcessor.from_pretrained(detector)
    cutter: Any = SamProcessor.from_pretrained(segmenter)
    finder: Any = GroundingDinoForObjectDetection.from_pretrained(detector)
    painter: Any = SamModel.from_pretrained(segmenter)
    finder, painter = (model.eval().to(device) for model in (finder, painter))

    def ground(file: bytes) -> Any:
        image = Image.open(io.BytesIO(file)).convert("RGB")
        inputs = reader(images=image, text="old dog.", return_tensors="pt").to(device)
        with torch.no_grad():
            outputs = finder(**inputs)
        found = reader.post_process_grounded_object_detection(
            outputs, inputs["input_ids"], threshold=0.0001, target_sizes=[image.size[::-1]]
        )[0]["boxes"][:8]
        prompts = cutter(images=image, input_boxes=[found.tolist()], return_tensors="pt")
        with torch.no_grad():
            seen = painter(**prompts.to(device))
        return cutter.image_processor.post_process_masks(
            seen.pred_masks.cpu(),
            prompts["original_sizes"].cpu(),
            prompts["reshaped_input_sizes"].cpu(),
        )

    ground(files[0])
    return best_of(1, lambda: [ground(file) for file in files]), device


def ask_child(
    models: tuple[Path, Path], files: Sequence[bytes], batch: int
) -> tuple[float, list[dict[str, Any]]]:
    """Return the seconds that the child takes once its models are loaded, and its answers."""
    command = [sys.executable, str(CHILDREN / "dino_sam.py"), *map(str, models)]
    questions = [
        {"image": base64.b64encode(file).decode(), "phrases": PHRASES, **THRESHOLDS}
        for file in files
    ]
    with closing(Child(command, Patience(answer_s=600), role="grounder")) as child:
        child.ask(questions[0])
        answers: list[dict[str, Any]] = []

        def ask() -> None:
            for start in range(0, len(files), batch):
                answers.extend(child.ask_together(questions[start : start + batch]))

        return best_of(1, ask), answers


def compute_alone(models: tuple[Path, Path], files: Sequence[bytes]) -> float:
    """Return the seconds that the child's own code takes for its models, without a process."""
    sys.path.insert(0, str(CHILDREN))
    import dino_sam  # pyright: ignore[reportMissingImports]
    from grounding_lines import Shown  # pyright: ignore[reportMissingImports]

    both = dino_sam.DinoSam(*map(str, models))
    shown = [
        Shown(Image.open(io.BytesIO(file)).convert("RGB"), tuple(PHRASES), *THRESHOLDS.values())
        for file in files
    ]

    def compute() -> None:
        for start in range(0, len(shown), 8):
            part = shown[start : start + 8]
            found = both.detect(part, [PHRASES[0]] * len(part))
            boxes = [
                [box for box, _ in sorted(own, key=lambda pair: -pair[1])[:8]] for own in found
            ]
            both.segment([one.image for one in part], boxes)

    compute()
    return best_of(1, compute)


def main() -> int:
    """Print one line per comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, help="images; by default 4 on a CPU, 128 on a GPU")
    parser.add_argument("--small", action="store_true", help="tiny models")
    chosen = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # pyright: ignore[reportAttributeAccessIssue]
    compare_geometry()
    if not (find_spec("torch") and find_spec("transformers")):
        print("the models need torch and transformers: make models")
        return 0
    import torch  # pyright: ignore[reportMissingImports]

    count = chosen.count or (128 if torch.cuda.is_available() else 4)
    files = draw_images(count)
    with tempfile.TemporaryDirectory() as folder:
        if chosen.small:
            sys.path.insert(0, str(ROOT))
            from tests.support.grounding_models import save_tiny_models

            models = save_tiny_models(Path(folder))
        else:
            models = save_models(Path(folder))
        plain, device = loop_plainly(models, files)
        child, answers = ask_child(models, files, 64)
        own = compute_alone(models, files)
    masks = sum(len(answer["regions"]) for answer in answers)
    print(f"{count} images on {device}, {masks} masks")
    print(f"  plain loop                 {count / plain:7.2f} images/s")
    print(f"  child, in batches          {count / child:7.2f} images/s, {plain / child:.2f} times")
    print(f"  overhead of the child      {100 * (child / own - 1):7.1f} % of its models' own time")
    if device == "cpu":
        print("  no GPU here: batches, half precision and memory on one are not measured")
    return 0


if __name__ == "__main__":
    sys.exit(main())
