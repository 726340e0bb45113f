"""Encodes an image file as the bytes that are sent to a model.

Every image is re-encoded from its pixels: upright, opaque, in sRGB, first frame only. No metadata,
thumbnail, colour profile or file name is sent. Each provider in `resources/providers/` counts the
tokens of an image itself.
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
    """How images are downscaled before they are sent.

    The policy's name is part of the ledger key. The versions of the decoder and the encoder are
    not: they change single grey levels, and an update of Pillow should not force every answer to be
    paid for again.

    Attributes:
        long_side_px: Maximum length of the longer side; an image is never enlarged.
        quality: JPEG quality, 1 to 95, with 4:2:0 chroma subsampling.
    """

    long_side_px: int = 768
    quality: int = 85

    @property
    def name(self) -> str:
        """The policy's name, with the version of the encoding: "jpeg-768-q85/1"."""
        return f"jpeg-{self.long_side_px}-q{self.quality}/1"

    def fit(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Return the width and height as sent for an image of the given size."""
        scale = min(1.0, self.long_side_px / max(width_px, height_px))
        return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def encode_picture(
    path: Path, policy: PicturePolicy, image_id: str | None = None
) -> EncodedPicture:
    """Encode an image file by the policy; the same file gives the same bytes.

    Raises:
        UnreadablePicture: The file is unusable, or `image_id` is given and is not its hash.
    """
    return encode_pixels(open_picture(path, policy.long_side_px, image_id).rgb, policy)


def encode_pixels(rgb: np.ndarray, policy: PicturePolicy) -> EncodedPicture:
    """Encode 8-bit pixels, height x width x 3, that already have the policy's size."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=policy.quality, subsampling="4:2:0")
    return EncodedPicture(stream.getvalue(), "image/jpeg", rgb.shape[1], rgb.shape[0])
