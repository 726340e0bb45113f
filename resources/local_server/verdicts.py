"""What a local model says of a record that it is asked to judge.

Belongs here: a verdict per field by what was measured on the picture. Does not belong here: the
model's own view of the picture (`opinions.py`). Codes and verdicts are those of EmoVerse's critic
as the pipeline names them; a schema that has others gets the nearest that it allows.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from eemo_pipeline.critic.claims import Look, unsupported_claims
from eemo_pipeline.emotion.attributes import NEGATIVE, POSITIVE, polarity
from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import emotion_probabilities
from resources.local_server.opinions import describe, feel, scale
from resources.local_server.sights import Sight

FIELDS = ("emotion", "description", "background", "attribute", "subject", "intensity", "boxes")
# How likely an emotion must be, relative to the model's own choice, to pass.
_POSSIBLE = 0.35
_CLAIM_CODES = {
    "description": "DESC_UNSUPPORTED_CLAIM",
    "background": "BG_WRONG",
    "attribute": "ATTR_NOT_VISIBLE",
    "subject": "SUBJ_WRONG",
}
_LEVELS = ("low", "medium", "high")


def judge(sight: Sight, model: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Verdicts under the names by which schemas ask for them.

    Args:
        sight: the picture.
        model: who judges.
        record: field -> value, as the question quotes it; what is missing passes.
    """
    verdicts = {field: _judge_field(field, sight, model, record) for field in FIELDS}
    worst = next((one for one in verdicts.values() if one["codes"]), verdicts["emotion"])
    return {**worst, "verdicts": verdicts, "fields": verdicts, "overall": worst["verdict"]}


def _judge_field(field: str, sight: Sight, model: str, record: Mapping[str, Any]) -> dict[str, Any]:
    problems = dict(_problems(field, sight, model, record))
    return {
        "field": field,
        "verdict": "revisable" if problems else "valid",
        "codes": list(problems),
        "code": next(iter(problems), None),
        "instruction": " ".join(problems.values()),
        "finding": " ".join(problems.values())
        or f"Nothing that is seen speaks against the {field}.",
        "p_valid": 0.2 if problems else 0.9,
    }


def _problems(
    field: str, sight: Sight, model: str, record: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Codes, each with a request that does not dictate a value."""
    value = record.get(field)
    if field == "emotion" and isinstance(value, str):
        yield from _doubt_emotion(value.lower(), sight, model)
    elif field == "intensity" and isinstance(value, int | float | str):
        yield from _doubt_intensity(value, sight, model)
    elif field in _CLAIM_CODES and isinstance(value, str):
        look = Look(sight.brightness, sight.colourfulness, sight.palette)
        if wrong := unsupported_claims(value, look):
            said = f"The {field} claims {', '.join(wrong)}, and the picture does not show it."
            yield _CLAIM_CODES[field], f"{said} Look again and keep to what is visible."
        pole = {POSITIVE: True, NEGATIVE: False}.get(polarity(value) or "")
        emotion = str(record.get("emotion", "")).lower()
        is_known = field == "attribute" and pole is not None and emotion in MIKELS_8
        if is_known and pole != (emotion in POSITIVE_MIKELS):
            yield "ATTR_POLARITY", "The attribute does not go with the emotion; weigh both anew."


def _doubt_emotion(emotion: str, sight: Sight, model: str) -> Iterator[tuple[str, str]]:
    likely = emotion_probabilities(feel(sight, model))
    own = next(iter(likely))
    if emotion not in likely or likely[emotion] >= _POSSIBLE * likely[own]:
        return
    is_other_side = (emotion in POSITIVE_MIKELS) != (own in POSITIVE_MIKELS)
    code = "EMO_CONTRADICTED" if is_other_side else "EMO_CONFUSABLE"
    yield code, "Light and colours speak against the emotion; judge it anew by what is visible."


def _doubt_intensity(value: float | str, sight: Sight, model: str) -> Iterator[tuple[str, str]]:
    own = _LEVELS.index(describe(sight, model)["intensity_level"])
    if isinstance(value, str):
        given = _LEVELS.index(value) if value in _LEVELS else own
    else:
        given = (scale(value / 10) >= 5) + (scale(value / 10) >= 8)
    if given - own >= 2:
        yield "INT_TOO_HIGH", "The intensity is too high for so quiet a picture; rate it anew."
    elif own - given >= 2:
        yield "INT_TOO_LOW", "The intensity is too low for so strong a picture; rate it anew."
