"""The statements of a local model about an image.

It derives an emotion and words from the measures in `sights.py`, differently for each model, and
second opinions. `realiser.py` gives the reply its form, and `verdicts.py` judges others' answers.

The models are not vision models and claim nothing that needs one: they use brightness, saturation,
warmth, contrast, edges, colours and the most salient area. `local-a` relies on light and colour
purity, `local-b` also on warmth and texture, so that they agree on many images but not on all. The
emotion is the nearest anchor in V-A-D, as for the embedded annotators. The weights are our own
choice, without scientific claim.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.emotion.taxonomies import POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import NEUTRAL, Vad, distance, emotion_probabilities
from resources.local_server.sights import Sight

_Weights = tuple[float, float, float]


@dataclass(frozen=True)
class _Temper:
    """One model's weights for standardised measures, and its preferred wording.

    Attributes:
        valence: Weights of light, purity and warmth.
        arousal: Weights of purity, contrast and edges.
        dominance: Weight of light.
        wording: 0 or 1.
    """

    valence: _Weights
    arousal: _Weights
    dominance: float
    wording: int


_TEMPERS = {
    "local-a": _Temper((0.85, 0.45, 0.10), (0.60, 0.50, 0.30), 0.11, 0),
    "local-b": _Temper((0.65, 0.35, 0.50), (0.35, 0.50, 0.65), 0.08, 1),
}
_OTHER = _Temper((0.80, 0.40, 0.20), (0.55, 0.50, 0.40), 0.10, 0)
# Mean and spread of brightness, saturation, contrast, edges and warmth over 200 crops of
# photographs that ship with scikit-image, rounded.
_ORDINARY = ((0.53, 0.20), (0.28, 0.22), (0.15, 0.09), (0.09, 0.09), (0.15, 0.45))
_OPEN_FROM = 0.45  # mean brightness
_DRAWN_BELOW = 0.01  # share of pixels on an edge
# Minimum probability of the second choice, relative to the first, to replace it.
_NEARLY = 0.5
_ATTRIBUTES = {
    (True, True): ("lively", "vibrant"),
    (True, False): ("calm", "gentle"),
    (False, True): ("harsh", "tense"),
    (False, False): ("gloomy", "bleak"),
}


def feel(sight: Sight, model: str) -> Vad:
    """Return the model's V-A-D of the image, each 0-1."""
    temper = _TEMPERS.get(model, _OTHER)
    measures = (sight.brightness, sight.saturation, sight.contrast, sight.edges, sight.warmth)
    light, purity, contrast, edges, warmth = (
        (value - mean) / spread for value, (mean, spread) in zip(measures, _ORDINARY, strict=True)
    )
    valence = _weigh(temper.valence, (light, purity, warmth))
    arousal = _weigh(temper.arousal, (purity, contrast, edges))
    return Vad(
        _between(0.52 + 0.18 * valence),
        _between(0.47 + 0.11 * arousal),
        _between(0.52 + temper.dominance * light + 0.03 * valence),
    )


def describe(sight: Sight, model: str, record: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the model's statements, under the property names that schemas use.

    Args:
        sight: The image.
        model: The model that answers.
        record: The model's earlier answer to reconsider; a repeated value is replaced by an
            alternative if there is one.
    """
    wording = _TEMPERS.get(model, _OTHER).wording
    first = _say(sight, model, wording, 0)
    if not record:
        return first
    second = _say(sight, model, 1 - wording, 1)
    return {
        name: second[name] if record.get(name) == value else value for name, value in first.items()
    }


def scale(share: float) -> int:
    """Return a share as a whole number from 1 to 10."""
    return min(10, max(1, math.ceil(share * 10)))


def _say(sight: Sight, model: str, wording: int, choice: int) -> dict[str, Any]:
    return {
        **_feeling(sight, model, wording, choice),
        **_words(sight, wording),
        # The following would need real vision; these are guesses from light and texture.
        "style": "photograph" if sight.edges >= _DRAWN_BELOW else "abstract",
        "setting": "outdoor" if sight.brightness >= _OPEN_FROM else "indoor",
        "subject": sight.area if not choice else " ".join(sight.area.split()[-2:]),
        "objects": [sight.area],
        "other_subjects": [],
        "facial_expression": "absent",
        "human_action": "absent",
    }


def _feeling(sight: Sight, model: str, wording: int, choice: int) -> dict[str, Any]:
    """Return the emotion, its certainty and its strength."""
    point = feel(sight, model)
    likely = emotion_probabilities(point)
    ranked = list(likely)
    if choice and likely[ranked[1]] >= _NEARLY * likely[ranked[0]]:
        ranked[0], ranked[1] = ranked[1], ranked[0]
    emotion = ranked[0]
    strength = min(1.0, distance(NEUTRAL, point) / 0.25)
    clarity = scale(likely[emotion] * 1.2)
    return {
        "emotion": emotion,
        "label": emotion,
        "emotions": [emotion],
        "alternatives": [
            {"emotion": other, "p": likely[other], "probability": likely[other]}
            for other in ranked[1:4]
        ],
        "distribution": likely,
        "probabilities": likely,
        "clarity": clarity,
        "confidence": clarity,
        "intensity": max(1, scale(strength) - choice),
        "intensity_level": _word(strength, 0.4, 0.7, ("low", "medium", "high")),
        **point._asdict(),
        "attribute": _ATTRIBUTES[emotion in POSITIVE_MIKELS, point.arousal >= NEUTRAL.arousal][
            wording
        ],
        "cannot_tell": False,
    }


def _words(sight: Sight, wording: int) -> dict[str, Any]:
    """Return descriptions of the measures."""
    light = _word(sight.brightness, 0.35, 0.6, ("dark", "half-lit", "bright"))
    purity = _word(sight.saturation, 0.2, 0.5, ("muted", "tinted", "vivid"))
    texture = _word(sight.edges, 0.05, 0.2, ("smooth", "patterned", "busy"))
    place = sight.place or "all over"
    area = f"{'an' if sight.area[0] in 'aeiou' else 'a'} {sight.area}"
    palette = " and ".join(sight.colours)
    sentence = (
        f"{area} {place} stands out from {light}, {purity} {sight.surroundings} surroundings",
        f"in a {texture} picture of {palette}, {area} {place} catches the eye",
    )[wording]
    description = f"{sentence[0].upper()}{sentence[1:]}."
    cues = [f"{light} overall", f"{purity} colours, mostly {palette}", f"{texture} texture"]
    return {
        "description": description,
        "caption": description,
        "background": (
            f"{light} {sight.surroundings} surroundings",
            f"{light}, {texture} {sight.surroundings} surroundings",
        )[wording],
        "scene": f"{light} {'view' if sight.brightness >= _OPEN_FROM else 'room'}",
        "evidence": cues,
        "reason": f"{', '.join(cues)}.",
        "brightness": round(sight.brightness, 6),
        "colourfulness": round(sight.colourfulness, 6),
    }


def _weigh(weights: _Weights, measures: _Weights) -> float:
    return sum(weight * measure for weight, measure in zip(weights, measures, strict=True))


def _word(value: float, low: float, high: float, words: tuple[str, str, str]) -> str:
    return words[(value >= low) + (value >= high)]


def _between(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 6)
