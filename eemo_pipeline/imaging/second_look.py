"""The second look at two images whose perceptual hashes are near: colour and finer structure.

A 64-bit hash of the luma distinguishes neither colours nor words nor small objects. Before an image
is dropped for another, the two are compared on 64 x 64 fields of luma and 8 x 8 of chroma. The hash
is in `pixel_measures.py`, the clusters in `stages/dedup/`.

Measured on 123 photographs and scenes. Copies recompressed or shrunk to a third: all are alike.
Copies cropped by 3 %: 83 in 100; brightened by a tenth with clipped highlights: 87 in 100. The same
image with one other word in a caption of an eighth of its height: 2 in 100 are alike. The chroma of
copies differs by up to 14 levels, that of images with a shifted hue mostly by more than 20. A copy
that is not alike is kept, which costs one redundant image; a wrong drop costs a stimulus.
"""

import base64
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from eemo_pipeline.imaging.opening import UnreadablePicture, open_picture
from eemo_pipeline.imaging.pixel_measures import Pixels

LOOK_METHOD = "luma 64x64 and chroma 8x8 from 256 px, hamming, version 1"
_LONG_SIDE = 256
_LUMA_SIDE, _CHROMA_SIDE = 64, 8
_LUMA_LIMIT = 14.0  # grey levels by which a field of a copy differs at most, after smoothing
_CHROMA_LIMIT = 18  # levels of Cb or Cr
_HOPELESS = 24.0  # mean difference in grey levels above which no small crop makes a copy
_MARGINS = (0, 1, 2)  # fields that a crop takes off a side: up to 3 % of the width or height
_SMALLEST_GAIN, _LARGEST_GAIN = 0.7, 1.4  # of contrast between copies
_LEAST_SPREAD, _LARGEST_BOOST = 16.0, 4.0  # an image of less contrast is compared at a higher one


@dataclass(frozen=True)
class Look:
    """What the second look compares.

    Attributes:
        luma: 64 x 64, grey levels 0-255.
        chroma: 8 x 8 x 2, Cb and Cr, 0-255.
    """

    luma: Pixels
    chroma: Pixels


def extract_look(path: Path, image_id: str) -> dict[str, Any]:
    """Return the look of a file, as JSON values.

    The result has `status` "ok" with `luma` and `chroma` in Base64, or `status` "error" with the
    `reason` and `detail` of an UnreadablePicture.
    """
    try:
        look = look_at(open_picture(path, _LONG_SIDE, image_id).rgb)
    except UnreadablePicture as refusal:
        return {"status": "error", "reason": refusal.reason, "detail": refusal.detail}
    luma, chroma = (base64.b64encode(part.tobytes()).decode() for part in (look.luma, look.chroma))
    return {"status": "ok", "luma": luma, "chroma": chroma}


def decode_look(answer: dict[str, Any]) -> Look | None:
    """Return the look in an answer of `extract_look`, None where it has none."""
    if answer["status"] != "ok":
        return None
    luma, chroma = (
        np.frombuffer(base64.b64decode(answer[part]), dtype=np.uint8) for part in ("luma", "chroma")
    )
    return Look(luma.reshape(_LUMA_SIDE, _LUMA_SIDE), chroma.reshape(_CHROMA_SIDE, _CHROMA_SIDE, 2))


def look_at(rgb: Pixels) -> Look:
    """Return the look of an image; Pillow scales by integers, the same on every processor."""
    image = Image.fromarray(rgb).convert("YCbCr")
    small = image.resize((_CHROMA_SIDE, _CHROMA_SIDE), Image.Resampling.HAMMING)
    luma = image.getchannel("Y").resize((_LUMA_SIDE, _LUMA_SIDE), Image.Resampling.HAMMING)
    return Look(np.array(luma), np.ascontiguousarray(np.array(small)[..., 1:]))


def are_alike(one: Look, other: Look) -> bool:
    """Return whether two images differ by no more than compression, scale, light and a small crop.

    Light is one factor and one offset for the whole image. A crop takes up to 3 % off each side of
    one of the two.
    """
    tint = np.abs(one.chroma.astype(np.int16) - other.chroma)
    if tint.max() > _CHROMA_LIMIT:
        return False
    mean, largest = _difference(one.luma, other.luma)
    if largest <= _LUMA_LIMIT:
        return True
    if mean > _HOPELESS:
        return False
    return (
        _difference_to_crop(one.luma, other.luma) <= _LUMA_LIMIT
        or _difference_to_crop(other.luma, one.luma) <= _LUMA_LIMIT
    )


def _difference_to_crop(whole: Pixels, other: Pixels) -> float:
    """Return the largest difference to the crop of `whole` that fits `other` best.

    Left and right are fitted first, then top and bottom.
    """
    image = Image.fromarray(whole)
    margins = list(product(_MARGINS, repeat=2))

    def compare(box: tuple[int, int, int, int]) -> tuple[float, float]:
        return _difference(_cut(image, box), other)

    sides = [(a, 0, _LUMA_SIDE - b, _LUMA_SIDE) for a, b in margins]
    left, _, right, _ = min(sides, key=lambda box: compare(box)[0])
    return min(compare((left, a, right, _LUMA_SIDE - b)) for a, b in margins)[1]


def _cut(image: Image.Image, box: tuple[int, int, int, int]) -> Pixels:
    return np.asarray(image.resize(image.size, Image.Resampling.BILINEAR, box), dtype=np.uint8)


def _difference(one: Pixels, other: Pixels) -> tuple[float, float]:
    """Return the mean and the largest difference of fields at equal light, in grey levels.

    Sums are of integers, so that their order decides nothing.
    """
    (mean, spread), (other_mean, other_spread) = _light(one), _light(other)
    gain = min(max(spread / max(other_spread, 1e-6), _SMALLEST_GAIN), _LARGEST_GAIN)
    boost = min(max(_LEAST_SPREAD / max(spread, 1e-6), 1.0), _LARGEST_BOOST)
    apart = np.abs(_smooth((one - mean) - (other - other_mean) * gain)) * boost
    return int((apart * 1024).astype(np.int64).sum()) / 1024 / apart.size, float(apart.max())


def _light(luma: Pixels) -> tuple[float, float]:
    """Return mean and standard deviation."""
    values = luma.astype(np.int64)
    mean = int(values.sum()) / values.size
    return mean, max(0.0, int((values * values).sum()) / values.size - mean * mean) ** 0.5


def _smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the values under a 3 x 3 binomial filter, edges repeated."""
    wide = np.pad(values, 1, mode="edge")
    rows = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    return (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16
