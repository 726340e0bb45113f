"""The photographs of the demo lake: files that ship in the scikit-image wheel.

Lists the files, their licences, and the parts used. Licences are those that scikit-image 0.26
states in the docstrings of `skimage.data`. Files for which it states none (moon, page, motorcycle,
colour wheel), those with "no known copyright restrictions" alone (coins, immunohistochemistry) and
the subset of faces are left out.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_LONGEST_SIDE_PX = 560
Part = tuple[float, float, float, float]
_WHOLE: Part = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Photograph:
    """A file of the wheel.

    Attributes:
        name: the function of `skimage.data` that documents it.
        file: its name in the wheel.
        licence: as stated in the docstring.
        affect: a key of `affect.AFFECTS`.
        parts: the parts used, as shares: left, top, right, bottom.
    """

    name: str
    file: str
    licence: str
    affect: str
    parts: tuple[Part, ...] = (_WHOLE,)


PHOTOGRAPHS = (
    Photograph(
        "astronaut",
        "astronaut.png",
        "public domain (NASA)",
        "person",
        (_WHOLE, (0.2, 0.0, 0.65, 0.5)),
    ),
    Photograph(
        "camera", "camera.png", "CC0 (Lav Varshney)", "person", (_WHOLE, (0.25, 0.05, 0.75, 0.45))
    ),
    Photograph(
        "chelsea",
        "chelsea.png",
        "CC0 (Stefan van der Walt)",
        "cat",
        (_WHOLE, (0.2, 0.1, 0.7, 0.75)),
    ),
    Photograph(
        "coffee", "coffee.png", "CC0 (Rachel Michetti)", "coffee", (_WHOLE, (0.25, 0.1, 0.75, 0.7))
    ),
    Photograph(
        "rocket", "rocket.jpg", "public domain (SpaceX)", "rocket", (_WHOLE, (0.3, 0.3, 0.75, 1.0))
    ),
    Photograph(
        "hubble_deep_field",
        "hubble_deep_field.jpg",
        "public domain (NASA)",
        "space",
        (
            _WHOLE,
            (0.0, 0.0, 0.5, 0.5),
            (0.5, 0.0, 1.0, 0.5),
            (0.0, 0.5, 0.5, 1.0),
            (0.5, 0.5, 1.0, 1.0),
        ),
    ),
    Photograph(
        "retina",
        "retina.jpg",
        "CC0 1.0 (Mikael Häggström)",
        "medical",
        (_WHOLE, (0.45, 0.25, 0.9, 0.7)),
    ),
    Photograph("cell", "cell.png", "CC0 (Paul Müller and others)", "medical"),
    Photograph("brick", "brick.png", "CC0 (CC0Textures)", "texture"),
    Photograph("grass", "grass.png", "CC0 (linolafett)", "texture"),
    Photograph("gravel", "gravel.png", "CC0 (CC0Textures)", "texture"),
    Photograph("clock", "clock_motion.png", "public domain (Stefan van der Walt)", "texture"),
    Photograph("horse", "horse.png", "CC0 (Andreas Preuss)", "texture"),
)


def load_part(name: str, part: int) -> Image.Image:
    """Return a part of a photograph in RGB, its longest side at most 560 px.

    Raises:
        FileNotFoundError: scikit-image is not installed, or without its images.
    """
    photograph = next(photograph for photograph in PHOTOGRAPHS if photograph.name == name)
    # Located without importing scikit-image, which takes most of a second.
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the demo takes its photographs from scikit-image, which is not installed; "
            "install the project's dependencies"
        )
    with Image.open(Path(spec.origin).parent / "data" / photograph.file) as opened:
        picture = opened.convert("RGB")
    left, top, right, bottom = photograph.parts[part]
    box = (
        left * picture.width,
        top * picture.height,
        right * picture.width,
        bottom * picture.height,
    )
    picture = picture.crop(tuple(round(side) for side in box))  # pyright: ignore[reportArgumentType]
    picture.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
    return picture
