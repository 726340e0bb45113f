"""Draws boxes into an image for the critic.

Images are scaled and encoded in `vlm/image_encoding.py`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eemo_pipeline.imaging.opening import open_picture
from eemo_pipeline.roles.critic import Box
from eemo_pipeline.vlm.contract import EncodedPicture
from eemo_pipeline.vlm.image_encoding import PicturePolicy, encode_pixels

OVERLAY = "outline-2/1"
_OUTER, _INNER = (255, 255, 255), (200, 0, 120)


def encode_with_boxes(
    path: Path, policy: PicturePolicy, image_id: str, boxes: Sequence[Box], width_px: int
) -> EncodedPicture:
    """Encode the image with a thin outline, white and magenta, around every complete box.

    Args:
        path: the image's file.
        policy: how the image is scaled down.
        image_id: SHA-256 that the file must have.
        boxes: in pixels of the stored image; a box that lacks a side is skipped.
        width_px: width of the stored image, which the boxes refer to.

    Raises:
        UnreadablePicture: the file is not usable, or not the image that was hashed.
    """
    from PIL import Image, ImageDraw

    picture = Image.fromarray(open_picture(path, policy.long_side_px, image_id).rgb)
    scale = picture.width / width_px
    drawing = ImageDraw.Draw(picture)
    for box in boxes:
        corners = [box.x1, box.y1, box.x2, box.y2]
        if any(side is None for side in corners):
            continue
        sides = [side * scale for side in corners if side is not None]
        left, right = sorted((sides[0], sides[2]))
        top, bottom = sorted((sides[1], sides[3]))
        drawing.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=_OUTER, width=1)
        drawing.rectangle((left, top, right, bottom), outline=_INNER, width=2)
    return encode_pixels(np.asarray(picture), policy)
