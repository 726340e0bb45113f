"""Boxes of people: upright, or refused with a reason."""

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageOps

from eemo_pipeline.imaging.boxes import Box, turn
from eemo_pipeline.imaging.masks import bounds
from eemo_pipeline.readers.person_boxes import ShownImage, place_boxes


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_turns_with_its_image(orientation: int) -> None:
    box = Box(5, 10, 20, 40)
    stored = np.zeros((80, 60), dtype=np.uint8)
    stored[10:40, 5:20] = 255
    image = Image.fromarray(stored)
    image.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(image)) > 0
    assert turn(box, orientation, 60, 80) == bounds(upright)


def place(box: list[float] | None, image: ShownImage) -> tuple[list[float] | None, str | None]:
    annotations = pl.DataFrame(
        {"image_id": ["a"], "person_box_px": [box]}, schema_overrides={"person_box_px": BOXES}
    )
    accepted, refused = place_boxes(annotations, {"a": image})
    assert accepted.height + refused.height == 1
    if refused.height:
        assert refused["detail"].item()
        return None, refused["reason"].item()
    return accepted["person_box_px"].to_list()[0], None


BOXES = pl.List(pl.Float64)
PLAIN = ShownImage(100, 50, 1)
SIDEWAYS = ShownImage(50, 100, 6)  # stored as 100 x 50


@pytest.mark.parametrize(
    ("box", "image", "expected"),
    [
        ([1.0, 2.0, 30.0, 40.0], PLAIN, ([1.0, 2.0, 30.0, 40.0], None)),
        (None, PLAIN, (None, None)),
        ([-3.0, 2.0, 30.0, 60.0], PLAIN, ([-3.0, 2.0, 30.0, 60.0], None)),
        ([30.0, 2.0, 30.0, 40.0], PLAIN, (None, "bad_box")),
        ([30.0, 40.0, 10.0, 2.0], PLAIN, (None, "bad_box")),
        ([float("nan"), 2.0, 30.0, 40.0], PLAIN, (None, "bad_box")),
        ([0.0, 0.0, float("inf"), 40.0], PLAIN, (None, "bad_box")),
        ([100.0, 2.0, 130.0, 40.0], PLAIN, (None, "box_outside")),
        ([60.0, 10.0, 90.0, 30.0], SIDEWAYS, ([20.0, 60.0, 40.0, 90.0], None)),
        ([10.0, 60.0, 30.0, 90.0], SIDEWAYS, ([10.0, 60.0, 30.0, 90.0], None)),
    ],
)
def test_a_box_has_its_right_value_or_a_reason(
    box: list[float] | None,
    image: ShownImage,
    expected: tuple[list[float] | None, str | None],
) -> None:
    assert place(box, image) == expected
