"""What a local model sees in a picture and says about it.

Belongs here: measures of pixels to an emotion and to plain words, differently for each model.
Does not belong here: the form of the reply (`realiser.py`).

The models are no vision models and say nothing that needs one: they know brightness, saturation,
warmth, contrast, edges, colours and the most salient area. `local-a` goes by light and purity of
colour, `local-b` also by warmth and texture, so that they agree on many pictures and not on all;
the emotion is the nearest anchor in V-A-D, as for the embedded annotators. How they weigh the
measures is our choice and claims nothing.
"""

import math
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.emotion.taxonomies import POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import NEUTRAL, Vad, distance, emotion_probabilities
from resources.local_server.asked import Problem, draw

_LONG_SIDE = 128
_COLOURS = ("black", "grey", "white", "red", "green", "yellow", "blue", "brown", "orange")
_PLACES = ("in the centre", "on the left", "on the right", "at the top", "at the bottom")


@dataclass(frozen=True)
class Sight:
    """What was measured on a picture, and the words for it.

    Attributes:
        brightness: mean HSV value, 0-1.
        saturation: mean HSV saturation, 0-1.
        contrast: standard deviation of luma, 0-1.
        edges: share of pixels on an edge.
        warmth: -1 where all is blue to 1 where all is orange.
        colours: one or two colour terms, the more frequent first.
        area: the most salient area, as "bright orange area".
        place: where that is, as "in the centre"; empty where nothing stands out.
        surroundings: colour term of everything else.
    """

    brightness: float
    saturation: float
    contrast: float
    edges: float
    warmth: float
    colours: tuple[str, ...]
    area: str
    place: str
    surroundings: str


@dataclass(frozen=True)
class _Temper:
    """How one model weighs standardised measures, and the words that it prefers."""

    valence: tuple[float, float, float]  # of light, purity, warmth
    arousal: tuple[float, float, float]  # of purity, contrast, edges
    dominance: float  # of light
    wording: int


_TEMPERS = {
    "local-a": _Temper((0.85, 0.45, 0.10), (0.60, 0.50, 0.30), -0.35, 0),
    "local-b": _Temper((0.75, 0.35, 0.35), (0.45, 0.55, 0.55), -0.30, 1),
}
_OTHER = _Temper((0.80, 0.40, 0.20), (0.55, 0.50, 0.40), -0.30, 0)
# Means and spreads of ordinary photographs: light, purity, contrast, edges, warmth.
_ORDINARY = ((0.53, 0.17), (0.33, 0.16), (0.20, 0.07), (0.13, 0.09), (0.15, 0.35))


def see(data: bytes) -> Sight:
    """Look at a picture's file.

    Raises:
        Problem: the file cannot be decoded.
    """
    import cv2
    import numpy as np

    from eemo_pipeline.annotation.impressions import look

    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise Problem("picture_rejected", "A picture cannot be decoded.")
    scale = min(1.0, _LONG_SIDE / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    rgb = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    seen = look(rgb.astype(np.uint8))
    red, _, blue, _ = (channel / 255 for channel in cv2.mean(rgb))
    words = (seen.subject_light, seen.subject_colour or seen.colours[0], "area")
    return Sight(
        brightness=seen.brightness,
        saturation=seen.saturation,
        contrast=seen.contrast,
        edges=seen.edge_density,
        warmth=(red - blue) / max(red + blue, 0.05) * 2,
        colours=seen.colours,
        area=" ".join(word for word in words if word),
        place=seen.place,
        surroundings=seen.surroundings,
    )


def imagine(text: str) -> Sight:
    """A sight without a look: measures drawn from a hash, for speed and for texts alone."""
    chances = [draw(text, number) for number in range(8)]
    return Sight(
        brightness=0.2 + 0.6 * chances[0],
        saturation=0.7 * chances[1],
        contrast=0.05 + 0.3 * chances[2],
        edges=0.3 * chances[3],
        warmth=2 * chances[4] - 1,
        colours=(_COLOURS[int(chances[5] * len(_COLOURS))],),
        area=f"{_COLOURS[int(chances[6] * len(_COLOURS))]} area",
        place=_PLACES[int(chances[7] * len(_PLACES))],
        surroundings=_COLOURS[int(chances[5] * len(_COLOURS))],
    )


def feel(sight: Sight, model: str) -> Vad:
    """Where the model puts the picture in V-A-D, 0-1 each."""
    temper = _TEMPERS.get(model, _OTHER)
    measures = (sight.brightness, sight.saturation, sight.contrast, sight.edges, sight.warmth)
    light, purity, contrast, edges, warmth = (
        (value - mean) / spread for value, (mean, spread) in zip(measures, _ORDINARY, strict=True)
    )
    valence = sum(
        map(float.__mul__, map(float, temper.valence), map(float, (light, purity, warmth)))
    )
    arousal = sum(
        map(float.__mul__, map(float, temper.arousal), map(float, (purity, contrast, edges)))
    )
    return Vad(
        _between(0.52 + 0.2 * valence),
        _between(0.47 + 0.1 * arousal),
        _between(0.52 + 0.1 * temper.dominance * light + 0.08 * valence),
    )


def describe(sight: Sight, model: str) -> dict[str, Any]:
    """What the model says, under the names by which schemas ask for it."""
    point = feel(sight, model)
    likely = emotion_probabilities(point)
    ranked = list(likely)
    emotion = ranked[0]
    wording = _TEMPERS.get(model, _OTHER).wording
    strength = min(1.0, distance(NEUTRAL, point) / 0.25)
    light = _word(sight.brightness, 0.35, 0.6, ("dark", "half-lit", "bright"))
    purity = _word(sight.saturation, 0.2, 0.5, ("muted", "coloured", "vivid"))
    texture = _word(sight.edges, 0.05, 0.2, ("smooth", "patterned", "busy"))
    place = sight.place or "all over"
    area = f"{'an' if sight.area[0] in 'aeiou' else 'a'} {sight.area}"
    palette = " and ".join(sight.colours)
    descriptions = (
        f"{area} {place} stands out from {light}, {purity} {sight.surroundings} surroundings",
        f"in a {texture} picture of {palette}, {area} {place} catches the eye",
    )
    cues = (f"{light} overall", f"{purity} colours, mostly {palette}", f"{texture} texture")
    return {
        "description": f"{descriptions[wording][0].upper()}{descriptions[wording][1:]}.",
        "caption": f"{descriptions[wording][0].upper()}{descriptions[wording][1:]}.",
        "background": (
            f"{light} {sight.surroundings} surroundings",
            f"{sight.surroundings} surroundings, {texture}",
        )[wording],
        "attribute": _attribute(point, wording),
        "subject": sight.area,
        "other_subjects": [],
        "emotion": emotion,
        "label": emotion,
        "emotions": [emotion],
        "alternatives": [
            dict.fromkeys(("p", "probability"), likely[other]) | {"emotion": other}
            for other in ranked[1:4]
        ],
        "distribution": likely,
        "probabilities": likely,
        "clarity": _scale(likely[emotion] * 1.2),
        "confidence": _scale(likely[emotion] * 1.2),
        "intensity": _scale(strength),
        "intensity_level": _word(strength, 0.4, 0.7, ("low", "medium", "high")),
        "valence": round(point.valence, 6),
        "arousal": round(point.arousal, 6),
        "dominance": round(point.dominance, 6),
        "evidence": [*cues],
        "reason": f"{cues[0]}, {cues[1]} and {cues[2]}.",
        "cannot_tell": False,
        "style": "no recognised style",
        "scene": f"{light} {sight.surroundings} scene",
        "objects": [sight.area],
        "facial_expression": "none recognised",
        "human_action": "none recognised",
        "brightness": round(sight.brightness, 6),
        "colourfulness": round(sight.saturation, 6),
    }


_ATTRIBUTES = {
    (True, True): ("lively", "vibrant"),
    (True, False): ("calm", "gentle"),
    (False, True): ("harsh", "tense"),
    (False, False): ("gloomy", "bleak"),
}


def _attribute(point: Vad, wording: int) -> str:
    """A word of the polarity lexicon for the quadrant of valence and arousal."""
    likely = next(iter(emotion_probabilities(point)))
    return _ATTRIBUTES[likely in POSITIVE_MIKELS, point.arousal >= NEUTRAL.arousal][wording]


def _word(value: float, low: float, high: float, words: tuple[str, str, str]) -> str:
    return words[(value >= low) + (value >= high)]


def _scale(share: float) -> int:
    """A share as a whole number from 1 to 10."""
    return min(10, max(1, math.ceil(share * 10)))


def _between(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 6)
