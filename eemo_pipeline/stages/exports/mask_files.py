"""Writes masks of regions as PNG files."""

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from PIL import Image

from eemo_pipeline.imaging import masks
from eemo_pipeline.lake.parquet import write_bytes


def write_masks(
    regions: pl.DataFrame, images: pl.DataFrame, folder: Path, beginnings: Sequence[str] = ()
) -> int:
    """Write `IMAGE_ID-REGION_NO.png` for every mask, in the size of its image; return how many.

    Args:
        regions: rows of `records__regions`.
        images: rows of `dedup__images`.
        folder: where to write.
        beginnings: of the image_ids whose masks are wanted; none means all.
    """
    wanted = regions.filter(pl.col("mask_counts").is_not_null()).join(
        images.select("image_id", "width_px", "height_px"), on="image_id"
    )
    if beginnings:
        starts = [pl.col("image_id").str.starts_with(start.lower()) for start in beginnings]
        wanted = wanted.filter(pl.any_horizontal(starts))
    folder.mkdir(parents=True, exist_ok=True)
    for row in wanted.iter_rows(named=True):
        mask = masks.decode(row["mask_counts"], row["mask_size_px"])
        stream = io.BytesIO()
        full = masks.enlarge(mask, row["width_px"], row["height_px"])
        Image.fromarray(full).save(stream, "PNG")
        write_bytes(stream.getvalue(), folder / f"{row['image_id']}-{row['region_no']}.png")
    return wanted.height
