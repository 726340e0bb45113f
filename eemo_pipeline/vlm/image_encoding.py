"""From a picture file to the bytes that a model is sent.

Belongs here: the downscale policy and the encoding. Does not belong here: reading files
(`images.py`), and what a provider counts for a picture (its own file in `resources/`).

What is sent is encoded anew from the pixels: upright, opaque, in sRGB, the first frame only. No
metadata, thumbnail, profile or file name travels with it.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from eemo_pipeline.imaging.opening import open_picture
from eemo_pipeline.vlm.contract import EncodedPicture


@dataclass(frozen=True)
class PicturePolicy:
    """How pictures are made smaller before they are sent.

    Its name is part of what determines an answer. The versions of the decoder and the encoder
    are not: they move single grey levels, and nobody wants to pay for every answer again because
    Pillow was updated.

    Attributes:
        long_side_px: the longer side is at most this; a picture is never enlarged.
        quality: JPEG quality, 1 to 95, with halved chroma.
    """

    long_side_px: int = 768
    quality: int = 85

    @property
    def name(self) -> str:
        """The policy in one word, with the version of the encoding: "jpeg-768-q85/1"."""
        return f"jpeg-{self.long_side_px}-q{self.quality}/1"

    def fit(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Width and height as sent, for a picture of this size."""
        scale = min(1.0, self.long_side_px / max(width_px, height_px))
        return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def encode_picture(
    path: Path, policy: PicturePolicy, image_id: str | None = None
) -> EncodedPicture:
    """Encode the picture in a file by the policy; the same file gives the same bytes.

    Raises:
        UnreadablePicture: the file is not usable, or `image_id` is given and is not its hash.
    """
    return encode_pixels(open_picture(path, policy.long_side_px, image_id).rgb, policy)


def encode_pixels(rgb: np.ndarray, policy: PicturePolicy) -> EncodedPicture:
    """Encode pixels, height x width x 3 of 8 bits, that have the policy's size already."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=policy.quality, subsampling="4:2:0")
    return EncodedPicture(stream.getvalue(), "image/jpeg", rgb.shape[1], rgb.shape[0])
