"""The local image model: paints what a prompt's emotion and colour words ask for.

The emotion decides light, purity, warmth, contrast and the number of forms, through the anchors in
V-A-D by which the local annotators judge. Colour words decide the colours of ground and forms, and
the seed where they lie. The same prompt, size and seed give the same bytes.
"""

import base64
import colorsys
import io
import re

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.emotion.vad import MIKELS_ANCHORS, NEUTRAL
from resources.local_server.asked import Wish, draw

_SIDE = 256  # painted at most so large, then scaled
_HUES = {
    **{"red": 0.0, "orange": 0.08, "brown": 0.07, "yellow": 0.15, "green": 0.33, "blue": 0.6},
    **{"purple": 0.77, "pink": 0.92},
}
_GREYS = {"black": 0.08, "grey": 0.5, "gray": 0.5, "white": 0.95}


def paint(prompt: str, wish: Wish) -> bytes:
    """Return a PNG file of the wanted size."""
    import numpy as np
    from PIL import Image

    words = re.findall(r"[a-z]+", prompt.lower())
    emotion = next((word for word in words if word in MIKELS_8), None)
    point = MIKELS_ANCHORS[emotion] if emotion else NEUTRAL
    colours = [word for word in words if word in _HUES or word in _GREYS]
    scale = min(1.0, _SIDE / max(wish.width, wish.height))
    width, height = (max(1, round(side * scale)) for side in (wish.width, wish.height))

    def chance(*purpose: object) -> float:
        return draw(prompt, wish.seed, *purpose)

    valence, arousal = point.valence - NEUTRAL.valence, point.arousal - NEUTRAL.arousal
    light = 0.53 + (1.1 if valence > 0 else 1.3) * valence
    purity = 0.32 + (1.3 if valence > 0 else 0.1) * arousal + 0.35 * valence
    liveliness = min(1.0, max(0.0, 0.3 + 3.5 * arousal))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    pixels = np.empty((height, width, 3), np.float32)
    pixels[:] = _colour(colours[-1:], chance("ground"), purity, light)
    pixels *= (0.8 + 0.4 * rows / height)[..., None]
    for number in range(3 + round(90 * liveliness)):
        y, x = chance("y", number) * height, chance("x", number) * width
        radius = (0.03 + (0.2 - 0.13 * liveliness) * chance("radius", number)) * max(height, width)
        inside = (rows - y) ** 2 + (columns - x) ** 2 * (0.5 + chance("wide", number)) < radius**2
        tone = light + (chance("tone", number) - 0.5) * (0.3 + 1.2 * liveliness)
        pixels[inside] = _colour(colours[:1], chance("hue", number), purity, tone)
    image = Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    file = io.BytesIO()
    image.resize((wish.width, wish.height), Image.Resampling.BILINEAR).save(file, "PNG")
    return file.getvalue()


def encode(content: bytes) -> str:
    """Return bytes in Base64."""
    return base64.b64encode(content).decode()


def _colour(
    named: list[str], chance: float, purity: float, light: float
) -> tuple[float, float, float]:
    """Return red, green and blue of a named colour, or of one by chance."""
    value = min(1.0, max(0.05, light))
    if named and named[0] in _GREYS:
        grey = (_GREYS[named[0]] + value) / 2
        return grey, grey, grey
    hue = _HUES[named[0]] + (chance - 0.5) * 0.06 if named else chance
    return colorsys.hsv_to_rgb(hue % 1.0, min(1.0, max(0.05, purity)), value)
