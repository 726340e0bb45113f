"""Speed of the loader of training samples, beside plain `datasets` with TRL's collator.

Both give TRL's own collator the same conversations with the same images: photographs of 12
megapixels as JPEG, reduced to the image budget. Plain `datasets` decodes each whole (its `Image`
feature); ours decodes at the smallest scale of the JPEG transform that covers the budget, and
compares the bytes with their hash. Needs torch, transformers, TRL and PEFT (`make models`).

    python benchmarks/training_loader.py
"""

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

_MAX_PIXELS = 256 * 28 * 28
_BATCH = 4


def write_images(folder: Path, count: int) -> list[str]:
    """Write JPEG files named by their hash; return the names."""
    folder.mkdir()
    names, numbers = [], np.random.default_rng(0)
    for _ in range(count):
        patches = numbers.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(patches).resize((4000, 3000), Image.Resampling.BICUBIC).save(
            buffer, "JPEG", quality=92
        )
        name = sha256(buffer.getvalue()).hexdigest()
        (folder / name).write_bytes(buffer.getvalue())
        names.append(name)
    return names


def plain_dataset(names: list[str], folder: Path, parameters: dict[str, Any]) -> Any:
    """Return the rows as `datasets` reads them from TRL's export."""
    from datasets import Dataset, List
    from datasets import Image as ImageFeature

    rows = [
        {
            "prompt": [
                {"role": "system", "content": parameters["system_prompt"]},
                {"role": "user", "content": "Which emotion does this image evoke?"},
            ],
            "completion": [{"role": "assistant", "content": "awe"}],
            "images": [str(folder / "images" / name)],
        }
        for name in names
    ]
    return Dataset.from_list(rows).cast_column("images", List(ImageFeature()))


def our_dataset(names: list[str], folder: Path, parameters: dict[str, Any]) -> Any:
    """Return the rows as the jobs read them."""
    from eemo_pipeline.stages.training.jobs.vision_language.conversations import build_dataset

    samples = pl.DataFrame(
        {
            "sample_id": names,
            "split": ["train"] * len(names),
            "image_ids": [[name] for name in names],
            "question": ["Which emotion does this image evoke?"] * len(names),
            "answer": ["awe"] * len(names),
        }
    )
    return build_dataset(samples, folder, parameters, completed=True)


def measure(
    build: Callable[[list[str], Path, dict[str, Any]], Any],
    names: list[str],
    folder: Path,
    parameters: dict[str, Any],
    collator: Any,
) -> tuple[float, int]:
    """Return the seconds of one pass, and its tokens."""
    dataset = build(names, folder, parameters)
    began, tokens = time.perf_counter(), 0
    for start in range(0, len(names), _BATCH):
        places = range(start, min(start + _BATCH, len(names)))
        batch = collator([dataset[place] for place in places])
        tokens += int(batch["attention_mask"].sum())
    return time.perf_counter() - began, tokens


def main() -> int:
    """Compare both loaders, alternately, and print one line each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=16)
    count = parser.parse_args().images
    if not all(find_spec(name) for name in ("torch", "transformers", "trl")):
        print("torch, transformers and TRL are not installed: make models")
        return 0
    from trl.trainer.sft_trainer import (  # pyright: ignore
        DataCollatorForVisionLanguageModeling,
    )

    from eemo_pipeline.stages.training.jobs.vision_language.base_models import load_processor
    from eemo_pipeline.stages.training.jobs.vision_language.tiny_model import save_tiny_model

    parameters = {"system_prompt": "You are a helpful assistant.", "max_pixels": _MAX_PIXELS}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = write_images(folder / "images", count)
        save_tiny_model(folder / "base", ["Which emotion does this image evoke? awe"], 0)
        processor = load_processor(str(folder / "base"), 784, _MAX_PIXELS)
        collator = DataCollatorForVisionLanguageModeling(processor)
        loaders = {"datasets": plain_dataset, "ours": our_dataset}
        best: dict[str, float] = dict.fromkeys(loaders, float("inf"))
        tokens: dict[str, int] = {}
        for _ in range(2):
            for name, build in loaders.items():
                seconds, tokens[name] = measure(build, names, folder, parameters, collator)
                best[name] = min(best[name], seconds)
    for name, seconds in best.items():
        print(
            f"{name:<9} {count / seconds:7.1f} images/s {tokens[name] / seconds:9.0f} tokens/s "
            f"{best['datasets'] / seconds:5.2f}x"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
