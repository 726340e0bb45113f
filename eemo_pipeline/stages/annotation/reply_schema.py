"""The reply of a vision-language annotator: its schema, and its conversion to an answer.

Holds the fields of EmoVerse and AIGIEmo, the rules that a reply must satisfy, and error messages
that a model can act on. The prompt and the call are in `vlm_annotator.py`. Whether a value fits the
image is judged in `stages/critic/`.

Words are separated by white space. Bounds of numbers and lists are in the schema, because providers
enforce them; lengths of texts are checked here, because few providers do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.roles.annotator import AnnotationRequest, Instruction
from eemo_pipeline.schema.columns import FACIAL_EXPRESSIONS, STYLES
from eemo_pipeline.vlm.questions import Unusable
from eemo_pipeline.vlm.reply_parsing import ReadObject, read_object

_SETTINGS = ("indoor", "outdoor", "neither")
_NOWHERE = "none"
_LONGEST_WORD = 40
_DETERMINERS = re.compile(r"^(a|an|the|some|this|that)\s+")

# field -> fewest and most words
_WORDS: Mapping[str, tuple[int, int]] = {
    "description": (8, 25),
    "background": (1, 10),
    "subject": (1, 4),
    "attribute": (1, 3),
    "scene": (1, 4),
    "human_action": (1, 6),
}
_WORDS_OF_ITEMS: Mapping[str, tuple[int, int]] = {"objects": (1, 4), "evidence": (1, 15)}


def _closed(values: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _texts(fewest: int, most: int) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "minItems": fewest, "maxItems": most}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_SCALE = {"type": "integer", "minimum": 1, "maximum": 10}
_PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
_ALTERNATIVES = {
    "type": "array",
    "items": _object({"emotion": _closed(MIKELS_8), "probability": _PROBABILITY}),
    "maxItems": len(MIKELS_8),
}
# The order matters: the model describes what it sees before it names the emotion.
_PROPERTIES: Mapping[str, Any] = {
    "description": _TEXT,
    "background": _TEXT,
    "subject": _TEXT,
    "attribute": _TEXT,
    "objects": _texts(0, 10),
    "style": _closed(STYLES),
    "setting": _closed(_SETTINGS),
    "scene": _TEXT,
    "facial_expression": _closed(FACIAL_EXPRESSIONS),
    "human_action": _TEXT,
    "evidence": _texts(1, 3),
    "cannot_tell": {"type": "boolean"},
    "emotion": _closed(MIKELS_8),
    "alternatives": _ALTERNATIVES,
    "clarity": _SCALE,
    "intensity": _SCALE,
}
REPLY: Mapping[str, Any] = _object(_PROPERTIES)
# The critic's name of a field -> the keys of the reply that revise it.
_KEYS_OF_FIELD: Mapping[str, tuple[str, ...]] = {
    "emotion": ("evidence", "emotion", "alternatives", "clarity"),
    "intensity": ("intensity",),
    "description": ("description",),
    "background": ("background",),
    "attribute": ("attribute",),
    "subject": ("subject",),
}


def revision_schema(instructions: Sequence[Instruction]) -> Mapping[str, Any]:
    """Return the schema of a reply with only the fields that the instructions name."""
    asked = {key for item in instructions for key in _KEYS_OF_FIELD.get(item.field, ())}
    return _object({key: part for key, part in _PROPERTIES.items() if key in asked})


def read_annotation(text: str) -> dict[str, Any]:
    """Return the first answer; for `cannot_tell`, only the status "refused" and the reason.

    Raises:
        Unusable: the reply breaks a rule; the message names the field, the rule and the value.
    """
    found = read_object(text, REPLY)
    if found.value["cannot_tell"]:
        return {"status": "refused", "reason": "cannot_tell"}
    return _fields(found, {})


def read_revision(request: AnnotationRequest, text: str) -> dict[str, Any]:
    """Return the previous answer, updated with the fields of the reply.

    Raises:
        Unusable: the reply breaks a rule.
    """
    found = read_object(text, revision_schema(request.instructions))
    return _fields(found, request.previous or {})


def _fields(found: ReadObject, previous: Mapping[str, Any]) -> dict[str, Any]:
    reply = found.value
    problems = [*_miscounted(reply), *_contradictions(reply, previous)]
    if problems:
        raise Unusable(" ".join(problems))
    fields = {**previous, **reply}
    fields.pop("cannot_tell", None)
    if "alternatives" in reply:
        fields |= _split_alternatives(reply)
    if "setting" in reply:
        setting = fields.pop("setting")
        fields["scene"] = _NOWHERE if setting == "neither" else f"{setting}/{reply['scene']}"
    if found.has_prose:
        fields["note"] = "prose_around_json"
    return fields


def _split_alternatives(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Return emotions and probabilities, the most probable first, without the chosen emotion."""
    others = [item for item in reply["alternatives"] if item["emotion"] != reply["emotion"]]
    others.sort(key=lambda item: (-item["probability"], item["emotion"]))
    return {
        "alternatives": [item["emotion"] for item in others],
        "alternative_probabilities": [round(float(item["probability"]), 6) for item in others],
    }


def _miscounted(reply: Mapping[str, Any]) -> Iterator[str]:
    for name, (fewest, most) in _WORDS.items():
        if name in reply:
            yield from _count(name, reply[name], fewest, most)
    for name, (fewest, most) in _WORDS_OF_ITEMS.items():
        for index, item in enumerate(reply.get(name, ())):
            yield from _count(f"{name}[{index}]", item, fewest, most)


def _count(name: str, text: str, fewest: int, most: int) -> Iterator[str]:
    words = text.split()
    if not fewest <= len(words) <= most:
        yield f"{name} must have {fewest} to {most} words; it had {len(words)}."
    if any(len(word) > _LONGEST_WORD for word in words):
        yield f"{name} holds a word of more than {_LONGEST_WORD} letters."


def _contradictions(reply: Mapping[str, Any], previous: Mapping[str, Any]) -> Iterator[str]:
    """Yield contradictions between fields: background and subject, or the probabilities."""
    if "background" in reply or "subject" in reply:
        whole = {**previous, **reply}
        if _plain(str(whole["background"])) == _plain(str(whole["subject"])):
            yield "background must be the surroundings of the subject, not the subject itself."
    named = [item["emotion"] for item in reply.get("alternatives", ())]
    if len(named) > len(set(named)):
        yield "alternatives must name each emotion once."
    total = sum(item["probability"] for item in reply.get("alternatives", ()))
    if total > 1 + 1e-6:
        yield f"the probabilities of alternatives must add up to 1 at most; they made {total:.3f}."


def _plain(phrase: str) -> str:
    return _DETERMINERS.sub("", phrase.lower().strip(" ."))
