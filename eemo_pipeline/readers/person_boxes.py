"""Boxes of depicted people: in pixels of the upright image, or refused with a reason.

Owners draw boxes on the pixels as the file stores them: annotation tools of the time, and the
browsers of their raters, ignored the EXIF orientation. Images are shown upright here, so a box of a
turned image is turned with it. A box that fits the upright image alone was drawn there and stays.
"""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from eemo_pipeline.imaging.boxes import Box, clip, turn

_SLACK_PX = 1.0  # owners round edges outwards


class ShownImage(NamedTuple):
    """Size in px of an image once upright, and the EXIF orientation of its file, 1-8."""

    width: int
    height: int
    orientation: int


def place_boxes(
    annotations: pl.DataFrame, images: Mapping[str, ShownImage]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the annotations with boxes of upright images, and those refused with their reason.

    Reasons are bad_box (no area, or not finite) and box_outside (no part of it in the image).

    Args:
        annotations: with `image_id` and `person_box_px`.
        images: image_id -> the image.

    Returns:
        The accepted rows, and the refused ones with `reason` and `detail`.
    """
    boxed = annotations.drop_nulls("person_box_px")
    if boxed.is_empty():
        return annotations, annotations.clear().with_columns(
            pl.lit(None, pl.String).alias("reason"), pl.lit(None, pl.String).alias("detail")
        )
    judged = [
        _place(Box(*box), images[image_id])
        for image_id, box in annotations.select("image_id", "person_box_px").iter_rows()
        if box is not None
    ]
    placed = boxed.with_columns(
        pl.Series("person_box_px", [box for box, _, _ in judged], pl.List(pl.Float64)),
        pl.Series("reason", [reason for _, reason, _ in judged], pl.String),
        pl.Series("detail", [detail for _, _, detail in judged], pl.String),
    )
    accepted = placed.filter(pl.col("reason").is_null()).drop("reason", "detail")
    without = annotations.filter(pl.col("person_box_px").is_null())
    return pl.concat([without, accepted]), placed.drop_nulls("reason")


def _place(box: Box, image: ShownImage) -> tuple[list[float] | None, str | None, str | None]:
    """Return the box, or None with the reason and the detail."""
    described = f"box = {[round(edge, 1) for edge in box]}"
    if not box.area > 0 or box.area == float("inf"):
        return None, "bad_box", f"{described} has no area"
    width, height, orientation = image
    stored = (height, width) if orientation >= 5 else (width, height)
    fits_stored = _fits(box, *stored)
    is_turned = orientation != 1 and (fits_stored or not _fits(box, width, height))
    upright = turn(box, orientation, *stored) if is_turned else box
    if clip(upright, width, height).area <= 0:
        return None, "box_outside", f"{described} is outside the image of {width} x {height} px"
    return list(upright), None, None


def _fits(box: Box, width: int, height: int) -> bool:
    return (
        min(box.x1, box.y1) >= -_SLACK_PX
        and box.x2 <= width + _SLACK_PX
        and box.y2 <= height + _SLACK_PX
    )
