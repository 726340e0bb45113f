"""The local models' view of an image: simple measures of its pixels, and words for them.

`opinions.py` derives the models' answers from it.
"""

from dataclasses import dataclass

from resources.local_server.asked import Problem, draw

_LONG_SIDE = 128
_COLOURS = ("black", "grey", "white", "red", "green", "yellow", "blue", "brown", "orange")
_PLACES = ("in the centre", "on the left", "on the right", "at the top", "at the bottom")


@dataclass(frozen=True)
class Sight:
    """The measures of an image and the words for them.

    Attributes:
        brightness: Mean HSV value, 0-1.
        saturation: Mean HSV saturation, 0-1.
        colourfulness: M3 of Hasler and Suesstrunk 2003.
        contrast: Standard deviation of luma, 0-1.
        edges: Share of pixels on an edge.
        warmth: From -1 (entirely blue) to 1 (entirely orange).
        colours: One or two colour terms, the more frequent first.
        area: The most salient area, e.g. "bright orange area".
        place: Its position, e.g. "in the centre"; empty if nothing stands out.
        surroundings: Colour term of everything else.
        palette: Dominant colours as #rrggbb; empty if no image was decoded.
    """

    brightness: float
    saturation: float
    colourfulness: float
    contrast: float
    edges: float
    warmth: float
    colours: tuple[str, ...]
    area: str
    place: str
    surroundings: str
    palette: tuple[str, ...]


def see(data: bytes) -> Sight:
    """Measure an image file.

    Raises:
        Problem: The file cannot be decoded.
    """
    import cv2
    import numpy as np

    from eemo_pipeline.imaging.pixel_measures import dominant_colours, measure_pixels
    from eemo_pipeline.stages.annotation.pixel_descriptions import look

    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise Problem("picture_rejected", "A picture cannot be decoded.")
    scale = min(1.0, _LONG_SIDE / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    rgb = cv2.cvtColor(small, cv2.COLOR_BGR2RGB).astype(np.uint8)
    seen = look(rgb)
    red, _, blue, _ = (channel / 255 for channel in cv2.mean(rgb))
    light = "" if seen.subject_colour in ("black", "white") else seen.subject_light
    words = (light, seen.subject_colour or seen.colours[0], "area")
    return Sight(
        brightness=seen.brightness,
        saturation=seen.saturation,
        colourfulness=measure_pixels(rgb)["colourfulness"],
        contrast=seen.contrast,
        edges=seen.edge_density,
        warmth=(red - blue) / max(red + blue, 0.05) * 2,
        colours=seen.colours,
        area=" ".join(word for word in words if word),
        place=seen.place,
        surroundings=seen.surroundings,
        palette=tuple(dominant_colours(rgb)[0]),
    )


def imagine(text: str) -> Sight:
    """Return measures drawn from a hash, not an image: for speed and for text-only requests."""
    chances = [draw(text, number) for number in range(8)]
    return Sight(
        brightness=0.2 + 0.6 * chances[0],
        saturation=0.7 * chances[1],
        colourfulness=80 * chances[1],
        contrast=0.05 + 0.3 * chances[2],
        edges=0.3 * chances[3],
        warmth=2 * chances[4] - 1,
        colours=(_COLOURS[int(chances[5] * len(_COLOURS))],),
        area=f"{_COLOURS[int(chances[6] * len(_COLOURS))]} area",
        place=_PLACES[int(chances[7] * len(_PLACES))],
        surroundings=_COLOURS[int(chances[5] * len(_COLOURS))],
        palette=(),
    )
