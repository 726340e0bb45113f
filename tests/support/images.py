"""Images that are determined by a seed, and a realistic user folder with valid and broken files."""

import csv
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Row = tuple[str, str, str, str, str]

# Each row of the folder's labels.csv with its rejection code; empty if the row is accepted.
LABELS: tuple[tuple[Row, str], ...] = (
    (("alps.jpg", "contentment", "0.8", "0.2", "Snow, and quiet"), ""),
    (("beach photo.jpg", "joy", "0.9", "0.6", "<script>alert(1)</script>"), ""),
    (("nested/deep/city.png", "fear", "0.2", "0.7", "'); drop table ingest__images; --"), ""),
    (("rotated.jpg", "amusement", "0.7", "", "{image_id} %s $1 {{"), ""),
    (("waves.gif", "sadness", "0.1", "0.3", ""), ""),
    (("ink.jpg", "anger", "inf", "", ""), "bad_number"),
    (("nested/it's; drop table.jpg", "joy", "high", "", ""), "bad_number"),
    (("ghost.png", "hunger", "", "", ""), "unknown_label"),
    (("missing.jpg", "joy", "", "", ""), "picture_missing"),
    (("../outside.jpg", "joy", "", "", ""), "unsafe_path"),
    (("alps.jpg", "fear", "", "", ""), "duplicate_row"),
    (("empty.png", "joy", "", "", ""), "picture_refused"),
    (("", "joy", "", "", ""), "missing_value"),
)
# Row of labels.csv -> rejection code.
REFUSED_ROWS = {row: reason for row, (_, reason) in enumerate(LABELS, 1) if reason}
# File of the folder -> rejection code.
REFUSED_FILES = {
    "notes.txt": "not_a_picture",
    "nested/web page.jpg": "not_a_picture",
    "empty.png": "empty_file",
    "cut.jpg": "truncated",
    "bomb.png": "too_many_pixels",
    "outside.jpg": "link_outside",
    "gone.jpg": "broken_link",
    "loop": "link_to_folder",
    "nested/pipe.jpg": "not_a_file",
}


def paint(seed: int) -> Image.Image:
    """Return an image of smooth patches, 160 x 120 pixels, that is determined by the seed."""
    patches = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((160, 120), Image.Resampling.BICUBIC)


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def paint_jpeg(seed: int) -> bytes:
    """Return the bytes of a JPEG that is determined by the seed."""
    return encode(paint(seed), "JPEG", quality=92)


def fill_folder(folder: Path) -> None:
    """Write eleven readable images, two of them with equal bytes, and files that are rejected."""
    exif = Image.Exif()
    exif[0x0112] = 6
    ghost = paint(7).convert("RGBA")
    ghost.putalpha(Image.linear_gradient("L").resize(ghost.size))
    alps = encode(paint(1), "JPEG", quality=92)
    frames = [paint(seed).quantize(64) for seed in (8, 9)]
    contents = {
        "alps.jpg": alps,
        "nested/copy of alps.jpg": alps,
        "alps small.jpg": encode(paint(1).resize((120, 90)), "JPEG", quality=70),
        "beach photo.jpg": encode(paint(2), "JPEG"),
        "nested/deep/city.png": encode(paint(3), "PNG"),
        "nested/Ünïcode ☃.webp": encode(paint(4), "WEBP"),
        "nested/it's; drop table.jpg": encode(paint(5), "JPEG"),
        "rotated.jpg": encode(paint(6), "JPEG", exif=exif),
        "ink.jpg": encode(paint(10).convert("CMYK"), "JPEG"),
        "ghost.png": encode(ghost, "PNG"),
        "waves.gif": encode(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "notes.txt": b"A picture is worth a thousand words.\n",
        "nested/web page.jpg": b"<!DOCTYPE html><title>404</title>",
        "empty.png": b"",
        "cut.jpg": encode(paint(11), "JPEG")[:1500],
        "bomb.png": encode(Image.new("1", (30_000, 30_000)), "PNG")[:200],
        "labels.csv": _labels(),
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder.parent / "outside.jpg").write_bytes(alps)
    (folder / "outside.jpg").symlink_to("../outside.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "loop").symlink_to("nested")
    os.mkfifo(folder / "nested" / "pipe.jpg")


def _labels() -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "emotion", "valence", "arousal", "caption"))
    writer.writerows(row for row, _ in LABELS)
    return text.getvalue().encode()
