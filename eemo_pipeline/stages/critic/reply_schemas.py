"""The replies of a model critic: their schemas, and the problems that follow from them.

Holds one schema per step of the chain, and the conversion of its reply to problems per field. The
calls are made in `model_critic.py`; verdicts are derived in `roles/critic.py`.

The model reports what it sees and what is wrong. The problems that follow are computed here. Its
words reach annotators only as the evidence of a request that `rules.py` words, and the evidence
about an emotion is withheld if it names another emotion: the critic must not dictate the value.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.roles.critic import Facts, Problem, Step
from eemo_pipeline.stages.critic.rules import LEVELS
from eemo_pipeline.vlm.questions import Unusable
from eemo_pipeline.vlm.reply_parsing import read_object

CANNOT_TELL = "cannot_tell"
_SEEN = ("who_or_what", "where", "doing", "colours_and_light", "expression")
_CHOICES = {
    "fits": None,
    "confusable": "EMO_CONFUSABLE",
    "contradicted": "EMO_CONTRADICTED",
    "unsupported": "EMO_UNSUPPORTED",
}
_BOXES = {
    "right": None,
    "none_possible": "BOX_MISSING",
    "wrong_object": "BOX_WRONG_OBJECT",
    "partial": "BOX_PARTIAL",
    "loose": "BOX_LOOSE",
    "missing": "BOX_MISSING",
}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _listed(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


_TEXT = {"type": "string"}
_YES_NO = {"type": "boolean"}
_CUES = {"type": "array", "items": _TEXT, "maxItems": 5}


_BETTER = _listed("first", "second", "neither")


def _better(field: str, contested: Collection[str]) -> dict[str, Any]:
    return {"better": _BETTER} if field in contested else {}


def _judged(field: str, contested: Collection[str], *codes: str) -> dict[str, Any]:
    several = {"type": "array", "items": _listed(*codes), "maxItems": len(codes)}
    better = _better(field, contested)
    return _object(**better, evidence=_TEXT, codes=several, can_be_right=_YES_NO)


SCENE = _object(state=_listed("usable", "unreadable", "unsafe"), **dict.fromkeys(_SEEN, _TEXT))
_CLAIM = _object(claim=_TEXT, finding=_listed("supported", "unsupported", "not_checkable"))


def feeling_schema(emotions: Sequence[str], contested: Collection[str] = ()) -> dict[str, Any]:
    """Return the schema of the second step: judge one emotion, or choose between two.

    Args:
        emotions: one or two labels.
        contested: the fields of which two texts are shown.
    """
    choices = (*emotions, CANNOT_TELL) if len(emotions) > 1 else tuple(_CHOICES)
    return _object(
        background=_judged("background", contested, "BG_WRONG", "BAS_INCOHERENT"),
        emotion=_object(
            supports=_CUES, contradicts=_CUES, choice=_listed(*choices), can_be_right=_YES_NO
        ),
        level=_listed(*LEVELS),
    )


def words_schema(contested: Collection[str] = ()) -> dict[str, Any]:
    """Return the schema of the third step; `contested`: the fields of which two texts are shown."""
    of_attribute = ("ATTR_NOT_VISIBLE", "ATTR_POLARITY", "BAS_INCOHERENT")
    return _object(
        subject=_judged("subject", contested, "SUBJ_WRONG", "SUBJ_NOT_SALIENT"),
        attribute=_judged("attribute", contested, *of_attribute),
        description=_object(
            **_better("description", contested),
            claims={"type": "array", "items": _CLAIM, "maxItems": 12},
            mentions_subject=_YES_NO,
        ),
        box=_object(evidence=_TEXT, finding=_listed(*_BOXES)),
    )


def read_scene(text: str) -> dict[str, Any]:
    """Return the scene of a reply.

    Raises:
        Unusable: it does not fit the schema, or calls the image usable but describes nothing.
    """
    scene = read_object(text, SCENE).value
    if scene["state"] == "usable" and not scene["who_or_what"]:
        raise Unusable("who_or_what is empty. Write down what stands out in the picture.")
    return scene


def read_step(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the fields of a reply to the second or third step.

    Raises:
        Unusable: it does not fit the schema.
    """
    return read_object(text, schema).value


def find_feeling_problems(
    facts: Facts, said: Mapping[str, Any], levels_apart: int = 2
) -> tuple[dict[str, list[Problem]], bool]:
    """Return field -> problems of background, emotion and intensity, and `is_undecided`.

    For a contested emotion, a choice without a visible cue counts as undecided. The model never
    sees the stored level; it is compared here, and a difference of one level is tolerated.
    """
    emotion, is_undecided = _judge_emotion(facts, said["emotion"])
    return {
        "background": _coded(said["background"]),
        "emotion": emotion,
        "intensity": _compare_levels(facts, said["level"], levels_apart),
    }, is_undecided


def find_choice(said: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Return which of two emotions the model chose, and its visible cues; None without a cue."""
    cues = tuple(_name(cue) for cue in _cues(said["supports"]))
    is_choice = said["choice"] in MIKELS_8 and bool(cues)
    return (said["choice"], cues) if is_choice else (None, ())


def find_better(
    said: Mapping[str, Any], shown: Sequence[str]
) -> tuple[str | None, tuple[str, ...]]:
    """Return which of the two texts shown the model found better, and its evidence, or None.

    Args:
        said: what it said of the field.
        shown: both texts, in the order shown.
    """
    seen = [said["evidence"]] if "evidence" in said else []
    seen += [one["claim"] for one in said.get("claims", ()) if one["finding"] == "supported"]
    cues = tuple(_name(cue) for cue in _cues(seen))
    places = {"first": 0, "second": 1}
    if said.get("better") not in places or not cues:
        return None, ()
    return shown[places[said["better"]]], cues


def find_word_problems(said: Mapping[str, Any]) -> dict[str, list[Problem]]:
    """Return field -> problems of subject, attribute, description and box."""
    description: list[Problem] = []
    told = said["description"]
    unsupported = [item["claim"] for item in told["claims"] if item["finding"] == "unsupported"]
    if unsupported:
        description.append(Problem("DESC_UNSUPPORTED_CLAIM", _name("; ".join(unsupported))))
    if not told["mentions_subject"]:
        description.append(Problem("DESC_OMITS_SUBJECT", "the subject is not in the sentence"))
    code = _BOXES[said["box"]["finding"]]
    is_final = said["box"]["finding"] == "none_possible"
    box = [] if code is None else [Problem(code, _name(said["box"]["evidence"]), is_final)]
    return {
        "subject": _coded(said["subject"]),
        "attribute": _coded(said["attribute"]),
        "description": description,
        "box": box,
    }


def list_scene_steps(scene: Mapping[str, str]) -> list[Step]:
    """Return the steps of the first call: the image can be used, and its scene."""
    seen = tuple(f"{name}: {_name(scene[name])}" for name in _SEEN)
    return [
        Step("S0", "scene", (), "usable"),
        Step("S1", "scene", seen, _name(scene["who_or_what"])),
    ]


def list_feeling_steps(said: Mapping[str, Any]) -> list[Step]:
    """Return the steps of the second call: background, emotion, intensity."""
    emotion = said["emotion"]
    cues = [f"for: {_name(cue)}" for cue in _cues(emotion["supports"])]
    cues += [f"against: {_name(cue)}" for cue in _cues(emotion["contradicts"])]
    return [
        _list_coded("S2", "background", said["background"]),
        Step("S3", "emotion", tuple(cues), emotion["choice"]),
        Step("S7", "intensity", (), said["level"]),
    ]


def list_word_steps(said: Mapping[str, Any]) -> list[Step]:
    """Return the steps of the third call: subject, attribute, description, box."""
    told = said["description"]
    claims = tuple(f"{item['finding']}: {_name(item['claim'])}" for item in told["claims"])
    mention = "mentions the subject" if told["mentions_subject"] else "omits the subject"
    box = said["box"]
    return [
        _list_coded("S4", "subject", said["subject"]),
        _list_coded("S4", "attribute", said["attribute"]),
        Step("S5", "description", claims, mention),
        Step("S6", "box", (_name(box["evidence"]),), box["finding"]),
    ]


def _list_coded(step: str, field: str, said: Mapping[str, Any]) -> Step:
    finding = ", ".join(dict.fromkeys(said["codes"])) or "nothing is wrong"
    return Step(step, field, (_name(said["evidence"]),), finding)


def cut_texts(said: Any, longest: int) -> Any:
    """Return a reply with every text in it cut to this many characters."""
    if isinstance(said, str):
        return said if len(said) <= longest else f"{said[:longest].rstrip()} ..."
    if isinstance(said, list):
        return [cut_texts(one, longest) for one in said]
    if isinstance(said, dict):
        return {name: cut_texts(one, longest) for name, one in said.items()}
    return said


def _name(evidence: str) -> str:
    """Return the evidence, or a fixed text if it is empty."""
    return evidence.strip() or "nothing visible was named"


def _judge_emotion(facts: Facts, said: Mapping[str, Any]) -> tuple[list[Problem], bool]:
    supports, contradicts = _cues(said["supports"]), _cues(said["contradicts"])
    choice = said["choice"]
    if choice == CANNOT_TELL or (choice in MIKELS_8 and not supports):
        finding = "the visible cues do not decide between the emotions named"
        return [Problem("EMO_CONFUSABLE", finding)], True
    if choice == facts.emotion:
        return [], False
    # Cues for the chosen emotion are cues against the emotion that was not chosen.
    code = "EMO_CONTRADICTED" if choice in MIKELS_8 else _CHOICES[choice]
    if code is None:
        return [], False
    against = supports if choice in MIKELS_8 else contradicts
    finding = _undictated("; ".join(against), facts.emotion)
    return [Problem(code, finding, is_final=not said["can_be_right"])], False


def _cues(items: Sequence[str]) -> list[str]:
    return [item for item in items if item.strip()]


def _undictated(evidence: str, emotion: str | None) -> str:
    """Return the evidence, or a fixed text if it names an emotion other than the one judged."""
    named = {label for label in MIKELS_8 if label in evidence.lower()} - {emotion}
    if named or not evidence:
        return "what is visible does not bear it out"
    return _name(evidence)


def _coded(said: Mapping[str, Any]) -> list[Problem]:
    finding = _name(said["evidence"])
    codes = dict.fromkeys(said["codes"])
    return [Problem(code, finding, is_final=not said["can_be_right"]) for code in codes]


def _compare_levels(facts: Facts, level: str, levels_apart: int) -> list[Problem]:
    if facts.intensity_level is None:
        return []
    distance = LEVELS.index(facts.intensity_level) - LEVELS.index(level)
    if abs(distance) < levels_apart:
        return []
    finding = f"the level is {facts.intensity_level} while the picture alone was judged {level}"
    return [Problem("INT_TOO_HIGH" if distance > 0 else "INT_TOO_LOW", finding)]
