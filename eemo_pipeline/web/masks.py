"""The masks of a record's boxes, for a person who has judged the image and checks its boxes.

They are read from the pipeline's table when they are asked for: the review database has no copy.
"""

from typing import Any

import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table, table_path
from eemo_pipeline.schema.tables import TABLES

_REGIONS = "records__regions"
_MOST_PX = 50_000_000  # a larger mask is left out


def find_masks(root: DataRoot, image_id: str) -> list[dict[str, Any]]:
    """Return the masks of an image's boxes in their order, as COCO run lengths.

    Args:
        root: the data root.
        image_id: an image; one without regions, or of a run without records, has no masks.

    Returns:
        `size_px` (height and width of the mask's own raster) and `counts` (column by column,
        background first) of every box that has a mask.
    """
    if not table_path(root.tables, TABLES[_REGIONS]).exists():
        return []
    found = (
        scan_table(root.tables, _REGIONS)
        .filter((pl.col("image_id") == image_id) & pl.col("mask_counts").is_not_null())
        .sort("region_no")
        .select(size_px="mask_size_px", counts="mask_counts")
        .collect()
    )
    return [
        mask
        for mask in found.iter_rows(named=True)
        if mask["size_px"][0] * mask["size_px"][1] <= _MOST_PX
    ]
