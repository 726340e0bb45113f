"""Turns a recipe into the bytes of an image file.

Painting, altering and encoding are a pure function of recipe and seed. The recipes are listed in
`plan.py`.
"""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from eemo_pipeline.demo import landscapes, patterns
from eemo_pipeline.demo.canvas import Canvas, blend, figure, finish
from eemo_pipeline.demo.photographs import load_part
from eemo_pipeline.stats.hash_draws import short_hash

_QUALITY = 92
_FRAMES_PX = ((360, 480), (400, 480), (320, 500), (480, 380), (360, 500))
_EXIF_ORIENTATION = 0x0112
_BOMB_SIDE_PX = 30_000
_TINTS = (
    "#000000", "#ffffff", "#808080", "#b22222", "#1e6f3f", "#1f4e9c", "#e6c229", "#6a2c91",
    "#d98cb3", "#3b2a1a", "#8fd3d1", "#f2e6d0",
)  # fmt: skip

PAINTERS = {
    name.removeprefix("paint_"): paint
    for module in (landscapes, patterns)
    for name, paint in vars(module).items()
    if name.startswith("paint_")
}


@dataclass(frozen=True)
class Recipe:
    """Everything that determines an image, besides the seed.

    Attributes:
        kind: scene, photograph, blank, text, html, empty or bomb.
        subject: the family of the scene or the name of the photograph.
        number: which of the family, which part of the photograph, which tint.
        figures: people painted into the scene.
        alteration: the alteration applied to the image afterwards, a key of `_ALTERATIONS`.
    """

    kind: str
    subject: str
    number: int
    figures: int = 0
    alteration: str = "none"


def make_file(recipe: Recipe, seed: int) -> bytes:
    """Return the bytes of the file."""
    if recipe.kind in _WHOLE_FILES:
        return _WHOLE_FILES[recipe.kind]()
    return _ALTERATIONS[recipe.alteration](_picture(recipe, seed))


def person_boxes(recipe: Recipe, seed: int) -> list[tuple[int, int, int, int]]:
    """Return boxes x1, y1, x2, y2 in pixels of the people painted into a scene."""
    height, _ = _size(recipe, seed)
    return [
        (
            round((x - 0.17 * size) * height),
            round((feet - size) * height),
            round((x + 0.17 * size) * height),
            round(feet * height),
        )
        for feet, x, size in _people(recipe, seed)
    ]


def _generator(recipe: Recipe, seed: int, purpose: str) -> np.random.Generator:
    key = short_hash(str(seed), recipe.kind, recipe.subject, str(recipe.number), purpose)
    return np.random.default_rng(int(key, 16))


def _size(recipe: Recipe, seed: int) -> tuple[int, int]:
    return _FRAMES_PX[_generator(recipe, seed, "size").integers(len(_FRAMES_PX))]


def _people(recipe: Recipe, seed: int) -> list[tuple[float, float, float]]:
    """Return feet, middle and size of every figure, in units of the height."""
    rng = _generator(recipe, seed, "people")
    height, width = _size(recipe, seed)
    lanes = (np.arange(recipe.figures) + rng.uniform(0.25, 0.75, recipe.figures)) / max(
        recipe.figures, 1
    )
    return [
        (float(rng.uniform(0.86, 0.98)), float(lane * width / height), float(rng.uniform(0.3, 0.5)))
        for lane in lanes
    ]


def _picture(recipe: Recipe, seed: int) -> Image.Image:
    if recipe.kind == "photograph":
        return load_part(recipe.subject, recipe.number)
    rng = _generator(recipe, seed, "paint")
    height, width = _size(recipe, seed)
    if recipe.kind == "blank":
        picture = Image.new("RGB", (width, height), _TINTS[recipe.number % len(_TINTS)])
        if recipe.number % 3 == 2:  # near-blank: noise too faint to see
            pixels = np.asarray(picture, dtype=np.float32) + rng.normal(0, 1.2, (height, width, 1))
            picture = Image.fromarray(np.clip(pixels.round(), 0, 255).astype(np.uint8))
        return picture
    return _encode_pixels(_scene(recipe, rng, height, width, seed))


def _scene(recipe: Recipe, rng: np.random.Generator, height: int, width: int, seed: int) -> Canvas:
    """Return a part of the painted scene, sometimes mirrored, with people in front."""
    zoom = rng.uniform(0.82, 1)
    tall, wide = round(height / zoom), round(width / zoom)
    canvas = PAINTERS[recipe.subject](rng, tall, wide)
    top, left = rng.integers(tall - height + 1), rng.integers(wide - width + 1)
    canvas = canvas[top : top + height, left : left + width]
    if rng.random() < 0.5:
        canvas = canvas[:, ::-1]
    for feet, x, size in _people(recipe, seed):
        canvas = blend(canvas, "#15171c", figure(height, width, feet, x, size))
    return finish(rng, canvas)


def _encode_pixels(canvas: Canvas) -> Image.Image:
    return Image.fromarray((canvas * 255).round().astype(np.uint8))


# --- encodings -----------------------------------------------------------------------------


def _jpeg(picture: Image.Image, quality: int = _QUALITY, exif: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _recompress(picture: Image.Image) -> bytes:
    with Image.open(io.BytesIO(_jpeg(picture))) as decoded:
        return _jpeg(decoded.convert("RGB"), quality=35)


def _shrink(picture: Image.Image) -> bytes:
    size = (round(picture.width * 0.6), round(picture.height * 0.6))
    return _jpeg(picture.resize(size, Image.Resampling.LANCZOS))


def _crop(picture: Image.Image) -> bytes:
    left, top = round(picture.width * 0.015), round(picture.height * 0.015)
    return _jpeg(picture.crop((left, top, picture.width - left, picture.height - top)))


def _scale(picture: Image.Image, factor: float) -> Image.Image:
    return picture.point([min(255, round(value * factor)) for value in range(256)] * 3)


def _brighten(picture: Image.Image) -> bytes:
    return _jpeg(_scale(picture, 1.15))


def _rotate(picture: Image.Image) -> bytes:
    """Store the image on its side, with EXIF orientation 6: turn clockwise to see it upright."""
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = 6
    return _jpeg(picture.transpose(Image.Transpose.ROTATE_90), exif=exif.tobytes())


def _make_palette(picture: Image.Image) -> bytes:
    """Reduce to 64 colours, the most frequent one fully transparent."""
    reduced = picture.quantize(64, dither=Image.Dither.NONE)
    reduced.info["transparency"] = int(np.bincount(np.asarray(reduced).ravel()).argmax())
    return _png(reduced)


def _animate(picture: Image.Image) -> bytes:
    small = picture.resize((240, 180), Image.Resampling.LANCZOS)
    frames = [_scale(small, 1 - 0.2 * k) for k in range(4)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=200, loop=0)
    return buffer.getvalue()


def _deepen(picture: Image.Image) -> bytes:
    """Encode as 16-bit greyscale."""
    grey = np.asarray(picture.convert("L"), dtype=np.uint16) * np.uint16(257)
    return _png(Image.fromarray(grey))


def _truncate(picture: Image.Image) -> bytes:
    data = _jpeg(picture)
    return data[: round(len(data) * 0.55)]


_ALTERATIONS = {
    "none": _jpeg,
    "recompressed": _recompress,
    "shrunk": _shrink,
    "cropped": _crop,
    "brightened": _brighten,
    "cmyk": lambda picture: _jpeg(picture.convert("CMYK")),
    "rotated": _rotate,
    "palette": _make_palette,
    "animated": _animate,
    "deep": _deepen,
    "truncated": _truncate,
}


# --- files that are not images -------------------------------------------------------------


def _make_bomb() -> bytes:
    """Return a valid PNG of a few hundred bytes whose header claims 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", _BOMB_SIDE_PX, _BOMB_SIDE_PX, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((_BOMB_SIDE_PX // 8 + 1) * 64), 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


_WHOLE_FILES = {
    "bomb": _make_bomb,
    "empty": lambda: b"",
    "text": lambda: b"This was a picture once. The download script wrote a note instead.\n",
    "html": lambda: (
        b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
        b"<body><h1>This photo is no longer available</h1></body></html>\n"
    ),
}
