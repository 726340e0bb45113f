"""The second look: copies are alike; other colours, words and details are not."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image, ImageDraw

from eemo_pipeline.imaging.opening import open_picture
from eemo_pipeline.imaging.second_look import are_alike, decode_look, extract_look, look_at
from tests.support.images import encode

NIGHT = [value // 12 for value in range(256)] * 3
SHIPPED = Path(skimage.__file__).parent / "data"


def photograph() -> Image.Image:
    return Image.open(SHIPPED / "coffee.png").convert("RGB")


def reopen(image: Image.Image, **options: int) -> Image.Image:
    return Image.open(io.BytesIO(encode(image, "JPEG", **options)))


def is_copy(one: Image.Image, other: Image.Image) -> bool:
    return are_alike(*(look_at(np.asarray(image.convert("RGB"))) for image in (one, other)))


def write(text: str, background: Image.Image) -> Image.Image:
    written = background.copy()
    place = (background.width // 6, background.height * 3 // 4)
    ImageDraw.Draw(written).text(
        place, text, "white", font_size=background.height // 8, stroke_width=2, stroke_fill="black"
    )
    return written


def shift_hue(image: Image.Image) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    return Image.merge(
        "HSV", (hue.point([(value + 85) % 256 for value in range(256)]), saturation, value)
    )


@pytest.mark.parametrize(
    "copy",
    [
        lambda image: reopen(image, quality=35),
        lambda image: image.resize((image.width // 3, image.height // 3)),
        lambda image: reopen(image.crop((8, 6, image.width - 8, image.height - 6)), quality=80),
        lambda image: image.point(lambda value: round(value * 0.85)),
    ],
    ids=["recompressed", "shrunk", "cropped", "darkened"],
)
def test_copies_are_alike(copy: Callable[[Image.Image], Image.Image]) -> None:
    image = photograph()
    assert is_copy(image, copy(image))
    assert is_copy(copy(image), image)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: write("I HATE YOU", image),
        lambda image: image,
        shift_hue,
        lambda image: write("I LOVE YOU", image).convert("L"),
    ],
    ids=["word", "caption", "hue", "grey"],
)
def test_other_words_and_colours_are_not_alike(
    change: Callable[[Image.Image], Image.Image],
) -> None:
    image = photograph()
    assert not is_copy(write("I LOVE YOU", image), change(image))


def test_shapes_in_other_colours_are_not_alike() -> None:
    discs = []
    for colour in ((220, 30, 30), (30, 60, 220), (250, 220, 40)):
        image = Image.new("RGB", (256, 256), "white")
        ImageDraw.Draw(image).ellipse((60, 60, 196, 196), fill=colour)
        discs.append(image)
    assert not is_copy(discs[0], discs[1])
    assert not is_copy(discs[0], discs[2])
    assert is_copy(discs[0], reopen(discs[0], quality=60))


def test_dark_images_are_compared_by_what_they_show() -> None:
    night, other = (
        Image.open(SHIPPED / name).convert("RGB").resize((300, 200)).point(NIGHT)
        for name in ("coffee.png", "chelsea.png")
    )
    assert not is_copy(night, other)
    assert is_copy(night, reopen(night, quality=90))


def test_the_answer_of_a_file_holds_its_look(tmp_path: Path) -> None:
    path = tmp_path / "coffee.png"
    path.write_bytes((SHIPPED / "coffee.png").read_bytes())
    answer = extract_look(path, open_picture(path, 10).image_id)
    assert json.loads(json.dumps(answer)) == answer
    look = decode_look(answer)
    assert look is not None
    assert look.luma.shape == (64, 64)
    assert look.chroma.shape == (8, 8, 2)
    assert are_alike(look, look_at(np.asarray(photograph())))


def test_a_file_that_has_changed_has_no_look(tmp_path: Path) -> None:
    path = tmp_path / "coffee.png"
    path.write_bytes((SHIPPED / "coffee.png").read_bytes())
    answer = extract_look(path, "0" * 64)
    assert (answer["status"], answer["reason"]) == ("error", "changed_since_ingest")
    assert decode_look(answer) is None
