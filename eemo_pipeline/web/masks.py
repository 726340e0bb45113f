"""The masks of a record's boxes, for people who have judged the image.

They are read from the pipeline's table when they are asked for: the review database has no copy.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table, table_path
from eemo_pipeline.schema.tables import TABLES

_REGIONS = "records__regions"
_MOST_PX = 50_000_000  # a larger mask is left out


def find_masks(root: DataRoot, image_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return image -> the masks of its boxes in their order, as COCO run lengths.

    Args:
        root: the data root.
        image_ids: images; one without regions, or of a run without records, has no masks.

    Returns:
        `size_px` (height and width of the mask's own raster) and `counts` (column by column,
        background first) of every box that has a mask.
    """
    masks: dict[str, list[dict[str, Any]]] = {image_id: [] for image_id in image_ids}
    if not table_path(root.tables, TABLES[_REGIONS]).exists():
        return masks
    found = (
        scan_table(root.tables, _REGIONS)
        .filter(pl.col("image_id").is_in(list(masks)) & pl.col("mask_counts").is_not_null())
        .sort("image_id", "region_no")
        .select("image_id", size_px="mask_size_px", counts="mask_counts")
        .collect()
    )
    for mask in found.iter_rows(named=True):
        height, width = mask["size_px"]
        if height * width <= _MOST_PX:
            masks[mask.pop("image_id")].append(mask)
    return masks
