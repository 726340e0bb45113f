"""Opens images of any origin and measures them: the only path from a file to pixels.

Holds reading, limits, decoding, orientation and colour space. The formulas of the measurements are
in `pixel_measures.py`. Every stage that reads pixels calls `open_picture`.
"""

import io
import os
import stat
import warnings
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL
from PIL import ExifTags, Image, ImageChops, ImageCms, UnidentifiedImageError

from eemo_pipeline.imaging.file_formats import (
    UnsupportedFormat,
    format_method,
    readable_formats,
    refuse_unsupported,
    seek_image,
)
from eemo_pipeline.imaging.jpeg_damage import MAX_SCANS, count_scans, find_damage
from eemo_pipeline.imaging.pixel_measures import (
    Pixels,
    dominant_colours,
    hash_method,
    is_blank,
    measure_pixels,
    perceptual_hashes,
)

# A 4:3 image of this many pixels needs half a gigabyte as RGB. Above this number Pillow itself
# refuses to open a file; the check uses the header, before decoding.
MAX_PIXELS = 178_956_970
MAX_BYTES = 512 * 2**20
# Long side at which images are measured: three times that of the hash, and an eighth of 800, so
# that the decoder itself scales a JPEG down, by the means of its 8x8 blocks.
MEASURE_SIDE = 100

_MAGIC_JPEG = b"\xff\xd8\xff"
_JPEG = ("JPEG", "MPO")
_MAGIC = (_MAGIC_JPEG, b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"8BPS")
_SIXTEEN_BIT = 65535.0
_PILLOW = PIL.__version__.rpartition(".")[0]


class UnreadablePicture(Exception):
    """A file that is not used as an image.

    Attributes:
        reason: empty_file, not_a_picture, unsupported_format, truncated, damaged, too_many_pixels,
            too_large, took_too_long (a JPEG of too many scans), too_much_memory, unreadable_file
            (missing, no permission, not a regular file, device error) or changed_since_ingest.
        detail: the reason in words.
        image_id: SHA-256 of the file's bytes, None where they were not read.
    """

    def __init__(self, reason: str, detail: str, image_id: str | None = None) -> None:
        """Name the reason by its code and in words."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.image_id = image_id


@dataclass(frozen=True)
class Picture:
    """The first frame of an image, upright, opaque and in sRGB, scaled down.

    Attributes:
        image_id: SHA-256 of the file's bytes.
        size_bytes: size of the file.
        format: Pillow's name of the file format, found by content.
        colour_mode: Pillow's name of the pixel mode in the file.
        width_px: full width after the orientation is applied, whatever the scale of `rgb`.
        height_px: full height after the orientation is applied.
        frame_count: frames in the file.
        orientation: EXIF orientation found in the file, 1 where none.
        has_alpha: whether transparency was composited on white.
        has_profile: whether an ICC profile other than sRGB was converted.
        rgb: height x width x 3, uint8, the long side at most the requested one.
    """

    image_id: str
    size_bytes: int
    format: str
    colour_mode: str
    width_px: int
    height_px: int
    frame_count: int
    orientation: int
    has_alpha: bool
    has_profile: bool
    rgb: Pixels


def open_picture(path: Path, long_side: int, image_id: str | None = None) -> Picture:
    """Read a file once and decode its first frame to at most `long_side` pixels per side.

    An image is never enlarged. JPEG files are decoded at a half, quarter or eighth of their size
    where that is enough. 16-bit grey is divided by 257. 32-bit grey holds 0-255 or 0-65535, float
    also 0-1; an image with values outside these ranges is stretched from its minimum to its
    maximum.

    Raises:
        UnreadablePicture: the file is not usable, or `image_id` is given and is not its hash.
    """
    content = _read(path)
    return _open(content, long_side, image_id)


def _open(content: bytes, long_side: int, image_id: str | None) -> Picture:
    found = sha256(content).hexdigest()
    if image_id is not None and found != image_id:
        raise UnreadablePicture(
            "changed_since_ingest", f"expected {image_id}, the file now holds {found}", found
        )
    if not content:
        raise UnreadablePicture("empty_file", "the file has no bytes", found)
    # Workers already use one process per core; OpenCV's own threads would only compete with them.
    cv2.setNumThreads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode(content, found, long_side)
    except UnreadablePicture as refusal:
        refusal.image_id = found
        raise
    # Decoders raise any type of exception on hostile bytes: OSError, ValueError, SyntaxError,
    # EOFError, struct.error, zlib.error, KeyError, IndexError, TypeError, OverflowError,
    # AttributeError, AssertionError, RuntimeError and MemoryError were all seen or are documented.
    # A file that cannot be decoded is refused, whatever the type of the exception.
    except Exception as error:
        raise _refusal(error, content, found) from error


def measure_file(path: Path) -> dict[str, Any]:
    """Return the measurements of a file, as JSON values; never raises for a bad file.

    The result has `status` "ok" with `image_id` and every measured column of `ingest__images`, or
    `status` "refused" with `reason`, `detail` and, where the bytes could be read, `image_id`.
    Shares are in 0-1; numbers are rounded to six decimals.
    """
    try:
        content = _read(path)
        picture = _open(content, MEASURE_SIDE, None)
        if picture.format in _JPEG and (damage := find_damage(content)):
            raise UnreadablePicture(*damage, picture.image_id)
    except UnreadablePicture as refusal:
        answer: dict[str, Any] = {
            "status": "refused",
            "reason": refusal.reason,
            "detail": refusal.detail,
        }
        return answer if refusal.image_id is None else answer | {"image_id": refusal.image_id}
    colours, shares = dominant_colours(picture.rgb)
    measured = measure_pixels(picture.rgb)
    phash, turned_phashes = perceptual_hashes(picture.rgb)
    return {
        "status": "ok",
        "image_id": picture.image_id,
        "size_bytes": picture.size_bytes,
        "format": picture.format,
        "colour_mode": picture.colour_mode,
        "width_px": picture.width_px,
        "height_px": picture.height_px,
        "frame_count": picture.frame_count,
        "orientation": picture.orientation,
        "has_alpha": picture.has_alpha,
        "has_profile": picture.has_profile,
        **measured,
        "dominant_colours": colours,
        "dominant_shares": shares,
        "is_blank": is_blank(measured),
        "phash": phash,
        "turned_phashes": turned_phashes,
        "phash_method": measure_method(),
    }


def measure_method() -> str:
    """Return what made the measurements: decoder, scaling and hash, with versions."""
    scaling = f"pillow {_PILLOW} draft and hamming to {MEASURE_SIDE} px"
    return f"{scaling}, {hash_method()}, k-means 2, blank 2, opening 2{format_method()}"


def _read(path: Path) -> bytes:
    """Read all bytes of a regular file; refuse a pipe or device without waiting for it."""
    try:
        # O_NONBLOCK: opening a named pipe would otherwise wait indefinitely for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise UnreadablePicture("unreadable_file", _describe(error)) from error
    try:
        with io.FileIO(handle, "rb") as stream:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise UnreadablePicture("unreadable_file", "not a regular file")
            if found.st_size > MAX_BYTES:
                raise UnreadablePicture(
                    "too_large", f"{found.st_size} bytes, the limit is {MAX_BYTES}"
                )
            return stream.read()
    except OSError as error:
        raise UnreadablePicture("unreadable_file", _describe(error)) from error


def _decode(content: bytes, image_id: str, long_side: int) -> Picture:
    if content.startswith(_MAGIC_JPEG) and (scans := count_scans(content)) > MAX_SCANS:
        raise UnreadablePicture("took_too_long", f"a JPEG of {scans} scans, the limit: {MAX_SCANS}")
    image: Image.Image = Image.open(io.BytesIO(content), formats=readable_formats())
    seek_image(image)
    mode, file_format, (width, height) = image.mode, image.format or "unknown", image.size
    if width < 1 or height < 1:
        raise UnreadablePicture("damaged", f"the header says {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise UnreadablePicture("too_many_pixels", f"{width} x {height} pixels")
    orientation = _orientation(image)
    profile = image.info.get("icc_profile")
    draft = image.draft(None, _fit(width, height, long_side))
    image.load()
    if draft is None:
        width, height = image.size  # the loaded size is the true one: an icon loads its largest
    is_turned = orientation != 1 and file_format != "TIFF"  # Pillow turns a TIFF at loading
    if is_turned and orientation in _SIDEWAYS:
        width, height = height, width
    plain, has_alpha = _plain_mode(image)
    small = _shrink(plain, long_side)
    converted = _to_srgb(small, profile)
    rgb = small if converted is None else converted
    rgb = rgb if rgb.mode == "RGB" else rgb.convert("RGB")
    if is_turned:
        rgb = rgb.transpose(_TRANSPOSES[orientation])
    return Picture(
        image_id=image_id,
        size_bytes=len(content),
        format=file_format,
        colour_mode=mode,
        width_px=width,
        height_px=height,
        orientation=orientation,
        has_alpha=has_alpha,
        has_profile=converted is not None,
        rgb=np.array(rgb),
        # Last, because counting frames may move the decoder away from the first.
        frame_count=max(1, int(getattr(image, "n_frames", 1))),
    )


_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)  # orientations that swap width and height


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    # Metadata is parsed by the same kind of code as pixels and fails in as many ways (SyntaxError,
    # struct.error, ...); an image with broken metadata is still an image.
    except Exception:  # noqa: BLE001 (see above)
        return 1
    return found if found in _TRANSPOSES else 1


def _plain_mode(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the loaded image, opaque, in mode L, RGB, CMYK or LAB, and whether it had alpha."""
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bit(image), False  # a transparent grey level among 65536 is ignored
    has_alpha = "transparency" in image.info or image.mode in ("RGBA", "RGBa", "LA", "La", "PA")
    if has_alpha or getattr(image.palette, "mode", "RGB") == "RGBA":
        layer = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB"), True
    if image.mode == "1":
        return image.convert("L"), False
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image, False
    return image.convert("RGB"), False


def _eight_bit(image: Image.Image) -> Image.Image:
    """Convert grey of 16 or 32 bits, or float, to 8-bit grey."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= _SIXTEEN_BIT:
        is_deep = image.mode.startswith("I;16") or high > 255
        is_unit = image.mode == "F" and high <= 1
        low, high = 0.0, _SIXTEEN_BIT if is_deep else 1.0 if is_unit else 255.0
    span = high - low or 1.0
    return Image.fromarray(((values - low) / span * 255).round().astype(np.uint8))


def _fit(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Return the size with the same proportions and a long side of at most `long_side`."""
    scale = min(1.0, long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shrink(image: Image.Image, long_side: int) -> Image.Image:
    size = _fit(*image.size, long_side)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)


def _to_srgb(image: Image.Image, profile: Any) -> Image.Image | None:
    """Convert the image from its profile to sRGB; None where there is nothing to convert.

    LAB without a profile is CIE Lab with the D50 white of the ICC. A profile that is damaged, or of
    another colour space than the pixels, is ignored: the image is usable without it.
    """
    try:
        if isinstance(profile, bytes) and profile:
            transform = _transform(profile, image.mode)
        elif image.mode == "LAB":
            transform = _transform(b"", "LAB")
        else:
            return None
        return None if transform is None else ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        if image.mode == "LAB":
            raise
        return None


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform to sRGB, cached for images of the same camera; None where it is sRGB.

    A profile is known by its curves and primaries, not by its name: "Linear sRGB" is not sRGB.
    """
    source = (
        ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else ImageCms.createProfile("LAB")
    )
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    if mode not in ("L", "RGB"):
        return transform
    chart = _CHART.convert(mode)
    shown = ImageCms.applyTransform(chart, transform)
    if shown is None:
        return transform
    moved = ImageChops.difference(shown, chart.convert("RGB"))
    return transform if np.asarray(moved).max() > _SAME_COLOUR else None


_SAME_COLOUR = 3  # levels of 255: profiles of sRGB differ by rounding and by version
# All mixtures of nine levels of each channel.
_LEVELS = np.linspace(0, 255, 9).round().astype(np.uint8)
_CHART = Image.fromarray(
    np.stack(np.meshgrid(_LEVELS, _LEVELS, _LEVELS), axis=-1).reshape(27, 27, 3)
)


def _refusal(error: Exception, content: bytes, image_id: str) -> UnreadablePicture:
    """Return the refusal with the reason code for a decoder's exception."""
    text = _describe(error)
    if isinstance(error, Image.DecompressionBombError):
        return UnreadablePicture("too_many_pixels", text, image_id)
    if isinstance(error, UnsupportedFormat):
        return UnreadablePicture("unsupported_format", str(error), image_id)
    if isinstance(error, MemoryError):
        return UnreadablePicture("too_much_memory", "decoding it takes too much memory", image_id)
    if isinstance(error, UnidentifiedImageError):
        try:
            refuse_unsupported(content)
        except UnsupportedFormat as unsupported:
            return UnreadablePicture("unsupported_format", str(unsupported), image_id)
        if content.startswith(_MAGIC):
            return UnreadablePicture(
                "damaged", "begins like an image, but is broken or of an unknown kind", image_id
            )
        return UnreadablePicture("not_a_picture", "no known image format", image_id)
    is_cut = isinstance(error, EOFError) or any(word in text.lower() for word in _CUT_OFF)
    return UnreadablePicture("truncated" if is_cut else "damaged", text, image_id)


_CUT_OFF = ("truncated", "unexpected end", "unrecognized data stream", "not enough", "incomplete")


def _describe(error: Exception) -> str:
    """Return the error in words, without the path: one line of at most 200 characters."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
