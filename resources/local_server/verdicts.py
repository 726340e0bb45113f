"""A local model's judgement of a record.

It compares each field with the measures of the image; `opinions.py` has the model's own view of the
image. Codes and words are those of the pipeline's critic. If a schema lacks one of them, the
realiser chooses an allowed value.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from eemo_pipeline.emotion.attributes import NEGATIVE, POSITIVE, polarity
from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import emotion_probabilities
from eemo_pipeline.roles.critic import Look
from eemo_pipeline.stages.critic.colour_claims import mentions, unsupported_claims
from resources.local_server.opinions import describe, feel
from resources.local_server.sights import Sight

_FIELDS = ("emotion", "description", "background", "attribute", "subject", "intensity", "box")
# Minimum probability of an emotion, relative to the model's own choice, to pass.
_POSSIBLE = 0.35
# The likelier of two emotions is chosen, unless the other reaches this share of its probability.
_UNDECIDED = 0.95
_CLAIM_CODES = {
    "description": "DESC_UNSUPPORTED_CLAIM",
    "background": "BG_WRONG",
    "attribute": "ATTR_NOT_VISIBLE",
    "subject": "SUBJ_WRONG",
}
_LEVELS = ("low", "medium", "high")


def judge(sight: Sight, model: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return judgements under the property names that schemas use.

    Args:
        sight: The image.
        model: The judging model.
        record: field -> value, as quoted in the question; a missing field passes.

    Returns:
        Hints for the realiser: the worst judgement, all of them under `verdicts`, one for each
            field that is an object (`emotion/`), and a blind description of the scene.
    """
    record, better = _settle_pairs(sight, model, record)
    own = describe(sight, model)
    problems = {field: dict(_problems(field, sight, model, record)) for field in _FIELDS}
    judged = {field: _judgement(field, found) for field, found in problems.items()}
    judged["emotion"] |= _weigh_emotion(problems["emotion"], sight, model, record, own["evidence"])
    judged["description"] |= {
        "claims": [
            {
                "claim": str(record.get("description", "")),
                "finding": "unsupported" if problems["description"] else "supported",
            }
        ],
        "mentions_subject": mentions(
            str(record.get("description", "")), str(record.get("subject", ""))
        ),
    }
    judged["box"] |= {"finding": "right"}
    for field, choice in better.items():
        judged[field] |= {"better": choice}
    worst = next((one for one in judged.values() if one["codes"]), judged["emotion"])
    return {
        **own,
        **{name: worst[name] for name in ("verdict", "codes", "instruction", "finding", "p_valid")},
        "verdicts": judged,
        "overall": worst["verdict"],
        **{f"{field}/": judgement for field, judgement in judged.items()},
        "level": own["intensity_level"],
        "state": "usable",
        "who_or_what": own["subject"],
        "where": own["background"],
        "doing": "nothing moves",
        "colours_and_light": f"{own['evidence'][0]}, {own['evidence'][1]}",
        "expression": "none",
    }


def _settle_pairs(
    sight: Sight, model: str, record: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the record with one text where two are quoted, and which of them it is.

    The one that is taken has fewer problems; where both have as many, it is neither.
    """
    settled, better = dict(record), dict[str, str]()
    for field in _CLAIM_CODES:
        pair = record.get(field)
        if isinstance(pair, list) and len(pair) == 2:
            worse = [
                len(dict(_problems(field, sight, model, {**record, field: str(text)})))
                for text in pair
            ]
            settled[field] = str(pair[1] if worse[1] < worse[0] else pair[0])
            better[field] = (
                "neither" if worse[0] == worse[1] else "second" if worse[1] < worse[0] else "first"
            )
    return settled, better


def _judgement(field: str, problems: Mapping[str, str]) -> dict[str, Any]:
    said = " ".join(problems.values())
    finding = said or f"Nothing that is seen speaks against the {field}."
    return {
        "field": field,
        "verdict": "revisable" if problems else "valid",
        "codes": list(problems),
        "instruction": said,
        "finding": finding,
        "evidence": finding,
        "can_be_right": True,
        "p_valid": 0.2 if problems else 0.9,
    }


def _weigh_emotion(
    problems: Mapping[str, str],
    sight: Sight,
    model: str,
    record: Mapping[str, Any],
    cues: list[str],
) -> dict[str, Any]:
    """Return cues for and against one emotion, or the choice between two."""
    rivals = [str(label).lower() for label in record.get("emotions") or ()]
    if len(rivals) > 1:
        likely = emotion_probabilities(feel(sight, model))
        ranked = sorted(rivals, key=lambda label: -likely.get(label, 0.0))
        is_close = likely.get(ranked[1], 0.0) >= _UNDECIDED * likely.get(ranked[0], 0.0)
        choice = "cannot_tell" if is_close else ranked[0]
        return {"choice": choice, "supports": [] if is_close else cues, "contradicts": []}
    if not problems:
        return {"choice": "fits", "supports": cues, "contradicts": []}
    choice = "contradicted" if "EMO_CONTRADICTED" in problems else "confusable"
    return {"choice": choice, "supports": [], "contradicts": cues}


def _problems(
    field: str, sight: Sight, model: str, record: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield codes, each with a request that does not dictate a value."""
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
        if field == "attribute":
            yield from _doubt_polarity(value, str(record.get("emotion", "")).lower())


def _doubt_emotion(emotion: str, sight: Sight, model: str) -> Iterator[tuple[str, str]]:
    likely = emotion_probabilities(feel(sight, model))
    own = next(iter(likely))
    if emotion not in likely or likely[emotion] >= _POSSIBLE * likely[own]:
        return
    is_other_side = (emotion in POSITIVE_MIKELS) != (own in POSITIVE_MIKELS)
    code = "EMO_CONTRADICTED" if is_other_side else "EMO_CONFUSABLE"
    yield code, "Light and colours speak against the emotion; judge it anew by what is visible."


def _doubt_polarity(attribute: str, emotion: str) -> Iterator[tuple[str, str]]:
    pole = polarity(attribute)
    if emotion in MIKELS_8 and pole == (NEGATIVE if emotion in POSITIVE_MIKELS else POSITIVE):
        yield "ATTR_POLARITY", "The attribute does not go with the emotion; weigh both anew."


def _doubt_intensity(value: float | str, sight: Sight, model: str) -> Iterator[tuple[str, str]]:
    own = _LEVELS.index(describe(sight, model)["intensity_level"])
    if isinstance(value, str):
        given = _LEVELS.index(value) if value in _LEVELS else own
    else:
        given = (value >= 5) + (value >= 8)
    if given - own >= 2:
        yield "INT_TOO_HIGH", "The intensity is too high for so quiet a picture; rate it anew."
    elif own - given >= 2:
        yield "INT_TOO_LOW", "The intensity is too low for so strong a picture; rate it anew."
