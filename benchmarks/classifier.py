"""Speed of an image classifier as the verifier, one image at a time and in batches.

Runs a vision transformer of common size (ViT-B/16, random weights) in the verifier's child process,
on the GPU if there is one. Images of 1024x768 are encoded beforehand. Needs torch and transformers
(`make models`).

    python benchmarks/classifier.py
"""

import argparse
import base64
import io
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from resources.child_models.child_exchange import read_batch
from resources.child_models.child_process import Child, describe_child
from resources.child_models.classifier_verifier import PYTHON

_SCRIPT = Path(__file__).parents[1] / "resources" / "child_models" / "image_classifier.py"
_DIFFERENT = 40  # number of distinct images, which are used repeatedly


def save_model(folder: Path) -> None:
    """Save a model with random weights by `save_pretrained`."""
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import (  # pyright: ignore[reportMissingImports]
        ViTConfig,
        ViTForImageClassification,
        ViTImageProcessor,
    )

    torch.manual_seed(0)
    config = ViTConfig(id2label=dict(enumerate(MIKELS_8)), initializer_range=0.1)
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 224, "width": 224}).save_pretrained(folder)


def draw_pictures() -> list[dict[str, str]]:
    """Return questions like those of the verifier."""
    random_numbers = np.random.default_rng(0)
    shown = []
    for _ in range(_DIFFERENT):
        pixels = random_numbers.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        picture = Image.fromarray(pixels).resize((1024, 768), Image.Resampling.BICUBIC)
        picture.save(buffer, "JPEG", quality=95)
        shown.append({"image": base64.b64encode(buffer.getvalue()).decode()})
    return shown


def ask(
    command: Sequence[str], shown: Sequence[dict[str, str]], batch: int, count: int
) -> tuple[float, list[dict[str, Any]]]:
    """Return images per second after the model is loaded, and the answers."""
    questions = [shown[number % len(shown)] for number in range(count)]
    with closing(Child(command)) as child:
        child.ask(shown[0])
        began = time.perf_counter()
        answers = [
            answer
            for start in range(0, count, batch)
            for answer in child.ask_together(questions[start : start + batch])
        ]
        return count / (time.perf_counter() - began), answers


def main() -> int:
    """Compare both modes, and print one line each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=64)
    options = parser.parse_args()
    if not (find_spec("torch") and find_spec("transformers")):
        print("torch and transformers are not installed: make models")
        return 0
    shown = draw_pictures()
    with tempfile.TemporaryDirectory() as folder:
        save_model(Path(folder))
        command = [sys.executable, str(_SCRIPT), folder]
        batch = read_batch(describe_child(command, PYTHON))
        alone, one = ask(command, shown, 1, options.pictures)
        together, many = ask(command, shown, batch, options.pictures)
    apart = max(
        abs(a["scores"][name] - b["scores"][name])
        for a, b in zip(one, many, strict=True)
        for name in MIKELS_8
    )
    print(f"{options.pictures} pictures of 1024x768 through ViT-B/16")
    print(f"one by one     {alone:8.1f} per second")
    print(f"{batch} at a time  {together:8.1f} per second, {together / alone:.2f}x")
    print(f"the largest difference of a score is {apart:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
