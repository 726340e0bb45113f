"""Converts an embedded annotator's reading of an image to its first and revised answers.

Holds the part that both embedded annotators share: the nearest emotion, clarity, intensity, and the
revision of the fields that the critic names. The readings themselves are computed in
`valdez_mehrabian.py` and `ou_solli_lenz.py`.
"""

from collections.abc import Callable, Sequence, Set
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
# The anchor farthest from the neutral point gets intensity 10.
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


# Smallest probability of an alternative, relative to the first choice, at which an emotion that
# nothing contradicts gives way to it.
_NEARLY = 0.8


@dataclass(frozen=True)
class Reading:
    """One annotator's reading of one image.

    Attributes:
        point: the evoked feeling as valence, arousal and dominance, 0-1 each.
        attributes: words of the polarity lexicon for the measurements, the plainest first.
        descriptions: one sentence of 8 to 25 words, in two wordings.
        backgrounds: the background, in two wordings.
        subjects: the subject that carries the emotion, in two wordings.
        evidence: at most three cues.
    """

    point: Vad
    attributes: tuple[str, ...]
    descriptions: tuple[str, str]
    backgrounds: tuple[str, str]
    subjects: tuple[str, str]
    evidence: tuple[str, ...]


def answer_request(request: AnnotationRequest, read: Callable[[Pixels], Reading]) -> dict[str, Any]:
    """Return the answer to a request, or the reason why there is none; ignores the file's name."""
    try:
        picture = open_picture(request.path, _LONG_SIDE, request.image_id)
    except UnreadablePicture as refusal:
        return {"status": "error", "reason": refusal.reason, "detail": refusal.detail}
    reading = read(picture.rgb)
    if request.instructions and request.previous is not None:
        return {"status": "ok", **revise(reading, request.previous, request.instructions)}
    return {"status": "ok", **compose(reading)}


def compose(reading: Reading) -> dict[str, Any]:
    """Return the first answer: ANSWER_FIELDS.

    The emotion is the nearest Mikels anchor. Clarity (1-10) grows with the margin of its
    probability over that of the second, relative to its own. Intensity (1-10) grows with the
    distance from the neutral point. Both scales are our choice.
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
    """Return the previous answer with only the fields changed that the instructions name.

    The emotion becomes the most probable alternative. An abandoned emotion is not offered again, so
    the list of alternatives shrinks. Unless something contradicts the emotion (EMO_CONTRADICTED),
    it changes only if the alternative was nearly as probable: an annotator that always gave in
    would create agreement by being asked. No other code of the field lifts that rule. The attribute
    becomes another one whose polarity fits the
    emotion, if there is one. The intensity moves by one level. Texts get their other wording, from
    the same measurements. A field that annotators do not answer (the box) changes nothing.
    """
    answer = dict(previous)
    codes = {item.field: item.code for item in instructions}
    of_emotion = {item.code for item in instructions if item.field == "emotion"}
    # The emotion comes first, because a new attribute has to fit the new emotion.
    if of_emotion and _gives_way(previous, of_emotion):
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


def _gives_way(previous: dict[str, Any], codes: Set[str]) -> bool:
    """Return whether the emotion changes: contradicted, or hardly likelier than the alternative."""
    others = previous["alternative_probabilities"]
    if not others:
        return False
    return "EMO_CONTRADICTED" in codes or others[0] >= _NEARLY * (1 - sum(others))


def feeling(point: Vad) -> str:
    """Return valence and arousal in words, without naming an emotion."""
    return _FEELING[level(point.valence), level(point.arousal)]


def _fitting(attributes: Sequence[str], emotion: str, previous: str) -> str:
    wanted = POSITIVE if emotion in POSITIVE_MIKELS else NEGATIVE
    fitting = [word for word in attributes if polarity(word) == wanted and word != previous]
    return fitting[0] if fitting else previous


def _moved(intensity: int, code: str) -> int:
    """Move one level (low 1-4, medium 5-7, high 8-10); within the last level, to 1 or 10."""
    if code == "INT_TOO_HIGH":
        return 6 if intensity >= 8 else 3 if intensity >= 5 else 1
    if code == "INT_TOO_LOW":
        return 6 if intensity <= 4 else 9 if intensity <= 7 else 10
    return intensity
