"""From an annotator's reading of a picture to its answer, first and revised.

Belongs here: what both embedded annotators do alike once each has its own reading: the nearest
emotion, clarity, intensity, and the change of the fields that the critic names. Does not belong
here: how a picture is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.emotion.attributes import NEGATIVE, POSITIVE, polarity
from eemo_pipeline.emotion.taxonomies import POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import (
    MIKELS_ANCHORS,
    NEUTRAL,
    Vad,
    distance,
    emotion_probabilities,
    level,
)
from eemo_pipeline.imaging.opening import UnreadablePicture, open_picture
from eemo_pipeline.imaging.pixel_measures import Pixels
from eemo_pipeline.roles.annotator import AnnotationRequest, Instruction

_LONG_SIDE = 200
_ALTERNATIVES = 3
# The strongest of the anchors gets intensity 10.
_FARTHEST = max(distance(NEUTRAL, anchor) for anchor in MIKELS_ANCHORS.values())
_FEELING = {
    ("high", "high"): "pleasant and lively",
    ("high", "medium"): "pleasant and easy",
    ("high", "low"): "pleasant and calm",
    ("medium", "high"): "stirring and lively",
    ("medium", "medium"): "plain and even",
    ("medium", "low"): "quiet and still",
    ("low", "high"): "unpleasant and tense",
    ("low", "medium"): "unpleasant and uneasy",
    ("low", "low"): "unpleasant and flat",
}


# How likely an alternative must be, relative to the first choice, to be taken on a mere doubt.
_NEARLY = 0.8


@dataclass(frozen=True)
class Reading:
    """How one annotator reads one picture.

    Attributes:
        point: the evoked feeling, 0-1 each.
        attributes: words of the polarity lexicon for what was measured, the plainest first.
        descriptions: one sentence of 8 to 25 words, in two wordings.
        backgrounds: the background, in two wordings.
        subjects: what carries the emotion, in two wordings.
        evidence: at most three cues.
    """

    point: Vad
    attributes: tuple[str, ...]
    descriptions: tuple[str, str]
    backgrounds: tuple[str, str]
    subjects: tuple[str, str]
    evidence: tuple[str, ...]


def answer_request(request: AnnotationRequest, read: Callable[[Pixels], Reading]) -> dict[str, Any]:
    """Read the picture and answer, or say why not; the file's name plays no part."""
    try:
        picture = open_picture(request.path, _LONG_SIDE, request.image_id)
    except UnreadablePicture as refusal:
        return {"status": "error", "reason": refusal.reason, "detail": refusal.detail}
    reading = read(picture.rgb)
    if request.instructions and request.previous is not None:
        return {"status": "ok", **revise(reading, request.previous, request.instructions)}
    return {"status": "ok", **compose(reading)}


def compose(reading: Reading) -> dict[str, Any]:
    """The first answer: ANSWER_FIELDS.

    The emotion is the nearest Mikels anchor. Clarity (1-10) grows with the margin of its
    probability over the next one's, relative to its own; intensity (1-10) with the distance from
    the neutral point. Both scales are our choice.
    """
    point = Vad(*(round(min(1.0, max(0.0, value)), 6) for value in reading.point))
    probabilities = emotion_probabilities(point)
    ranked = list(probabilities)
    first, second = probabilities[ranked[0]], probabilities[ranked[1]]
    others = ranked[1 : 1 + _ALTERNATIVES]
    return {
        "description": reading.descriptions[0],
        "background": reading.backgrounds[0],
        "attribute": reading.attributes[0],
        "subject": reading.subjects[0],
        "emotion": ranked[0],
        "alternatives": others,
        "alternative_probabilities": [probabilities[emotion] for emotion in others],
        "clarity": 1 + round(9 * (first - second) / first),
        "intensity": 1 + round(9 * min(1.0, distance(point, NEUTRAL) / _FARTHEST)),
        "valence": point.valence,
        "arousal": point.arousal,
        "dominance": point.dominance,
        "evidence": list(reading.evidence),
    }


def revise(
    reading: Reading, previous: dict[str, Any], instructions: Sequence[Instruction]
) -> dict[str, Any]:
    """The previous answer with the fields that the instructions name changed, and no other.

    The emotion becomes the likeliest alternative; what was given up is not offered again, so
    that the alternatives get fewer. Where others merely judged differently (EMO_CONFUSABLE), it
    does so only if the alternative was nearly as likely: an annotator that gave way whenever it
    is asked would make agreement out of the asking. The attribute becomes another one whose
    polarity fits the emotion, where there is one. The intensity moves by one level. Texts are
    worded anew from the same measurements. A field that an annotator does not answer (the box)
    changes nothing.
    """
    answer = dict(previous)
    codes = {item.field: item.code for item in instructions}
    # The emotion first: a new attribute has to fit the new emotion.
    if "emotion" in codes and _gives_way(previous, codes["emotion"]):
        answer["emotion"] = previous["alternatives"][0]
        answer["alternatives"] = previous["alternatives"][1:]
        answer["alternative_probabilities"] = previous["alternative_probabilities"][1:]
    if "attribute" in codes:
        answer["attribute"] = _fitting(reading.attributes, answer["emotion"], previous["attribute"])
    if "intensity" in codes:
        answer["intensity"] = _moved(previous["intensity"], codes["intensity"])
    for field, wordings in (
        ("description", reading.descriptions),
        ("background", reading.backgrounds),
        ("subject", reading.subjects),
    ):
        if field in codes:
            answer[field] = next(text for text in wordings if text != previous[field])
    return answer


def _gives_way(previous: dict[str, Any], code: str) -> bool:
    others = previous["alternative_probabilities"]
    if not others:
        return False
    return code != "EMO_CONFUSABLE" or others[0] >= _NEARLY * (1 - sum(others))


def feeling(point: Vad) -> str:
    """Valence and arousal in words, without naming an emotion."""
    return _FEELING[level(point.valence), level(point.arousal)]


def _fitting(attributes: Sequence[str], emotion: str, previous: str) -> str:
    wanted = POSITIVE if emotion in POSITIVE_MIKELS else NEGATIVE
    fitting = [word for word in attributes if polarity(word) == wanted and word != previous]
    return fitting[0] if fitting else previous


def _moved(intensity: int, code: str) -> int:
    """One level down or up: low 1-4, medium 5-7, high 8-10; at the end, the very end."""
    if code == "INT_TOO_HIGH":
        return 6 if intensity >= 8 else 3 if intensity >= 5 else 1
    if code == "INT_TOO_LOW":
        return 6 if intensity <= 4 else 9 if intensity <= 7 else 10
    return intensity
