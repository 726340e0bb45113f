"""Samples of a job folder as the conversations that TRL trains on; images are opened when needed.

A JPEG is decoded at the smallest scale of its transform that covers the image budget (libjpeg's
scaled decoding), which is several times faster than to decode it whole and reduce it. The bytes of
every image are compared with the hash that is its name.
"""

import io
import math
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.stages.training.job_reporting import JobFailed


def open_image(path: Path, max_pixels: int) -> Any:
    """Return the upright RGB image, reduced to no less than `max_pixels` where it is a JPEG.

    Args:
        path: a file whose name is the SHA-256 of its bytes.
        max_pixels: the area that the processor reduces larger images to.

    Raises:
        JobFailed: the file is gone, or is no longer the image of that hash.
    """
    from PIL import Image, ImageOps

    try:
        content = path.read_bytes()
    except OSError as error:
        raise JobFailed(f"{path} is gone: start the training again, which links it anew") from error
    if sha256(content).hexdigest() != path.name:
        raise JobFailed(
            f"{path} was changed since the job was prepared: remove it, and start the training "
            "again, which links it anew"
        )
    with Image.open(io.BytesIO(content)) as image:
        scale = math.sqrt(max_pixels / (image.width * image.height))
        if image.format == "JPEG" and scale < 1:
            image.draft("RGB", (round(image.width * scale), round(image.height * scale)))
        return ImageOps.exif_transpose(image).convert("RGB")


def read_samples(folder: Path, name: str) -> pl.DataFrame:
    """Return the samples of `<name>.parquet`."""
    return pl.read_parquet(folder / f"{name}.parquet", glob=False, hive_partitioning=False)


def build_prompt(system: str, question: str) -> list[dict[str, str]]:
    """Return the turns before an answer; TRL puts the images before the question."""
    return [{"role": "system", "content": system}, {"role": "user", "content": question}]


def build_dataset(
    samples: pl.DataFrame, folder: Path, parameters: Mapping[str, Any], *, completed: bool
) -> Any:
    """Return a `datasets.Dataset` of prompt, images and, if `completed`, completion.

    Other columns of the samples are kept for the reward functions. Nothing is decoded until a row
    is read.

    Args:
        samples: with image_ids, question and answer.
        folder: the job folder.
        parameters: the recipe, with system_prompt and max_pixels.
        completed: whether the answer is part of a row.
    """
    from datasets import Dataset

    system, max_pixels = parameters["system_prompt"], parameters["max_pixels"]
    dataset = Dataset.from_list(samples.drop("split").to_dicts())

    def encode(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        rows = {
            **{name: batch[name] for name in batch if name not in ("question", "image_ids")},
            "prompt": [build_prompt(system, question) for question in batch["question"]],
            "images": [
                [open_image(folder / "images" / image_id, max_pixels) for image_id in image_ids]
                for image_ids in batch["image_ids"]
            ],
        }
        if completed:
            rows["completion"] = [
                [{"role": "assistant", "content": answer}] for answer in batch["answer"]
            ]
        return rows

    dataset.set_transform(encode)
    return dataset
