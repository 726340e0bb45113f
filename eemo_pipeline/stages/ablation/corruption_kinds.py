"""The kinds of corruption: how a right value is made wrong, by field and difficulty.

A corruption that would leave the value right, by a rule that can be checked (another label, a box
with little overlap, a word of the other polarity, another kind of thing), is not applied. Controls
change the form and not the meaning, so a flag on a control is a false alarm.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.emotion.attributes import (
    ATTRIBUTE_POLARITY,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    polarity,
)
from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import MIKELS_ANCHORS
from eemo_pipeline.imaging.boxes import Box, intersection_over_union
from eemo_pipeline.stages.ablation.synthetic_records import LEVEL_VALUES

CONTROL, CROSS_FIELD = "control", "cross_field"
_CONFUSABLE = {
    **{"awe": "contentment", "contentment": "awe", "amusement": "excitement"},
    **{"excitement": "amusement", "fear": "disgust", "disgust": "fear"},
    **{"sadness": "fear", "anger": "sadness"},
}
_OPPOSITES = {
    **{"bright": "dark", "dark": "bright", "sunny": "overcast", "overcast": "sunny"},
    **{"warm": "cold", "cold": "warm", "foggy": "clear", "snowy": "dusty", "rainy": "dry"},
    **{"moonlit": "sunlit", "colourful": "grey", "grey": "colourful", "blue": "red"},
    **{"red": "blue", "green": "orange", "brown": "white", "white": "black", "black": "white"},
}
# Words of one meaning and another strength.
_STRENGTHS = {
    **{"bright": "dazzling", "dim": "dark", "chilly": "cold", "gloomy": "oppressive"},
    **{"cheerful": "joyful", "lively": "energetic", "tense": "threatening", "quiet": "tranquil"},
    **{"grand": "majestic", "colourful": "vibrant", "light": "luminous", "soft": "velvety"},
}
_OTHER_STRENGTH = _STRENGTHS | {strong: weak for weak, strong in _STRENGTHS.items()}
# A thing of the same family that is not the same thing.
_NEAR_KINDS = {
    **{"boat": "raft", "child": "doll", "dog": "fox", "woman": "mannequin", "tree": "bush"},
    **{"house": "barn", "horse": "donkey", "crowd": "queue", "statue": "column", "bird": "bat"},
}
# Places of one coarse class of scene.
_SCENES = (
    ("lake", "beach", "harbour", "river", "sea", "shore"),
    ("forest", "field", "garden", "meadow", "mountain", "valley"),
    ("street", "square", "road", "market"),
    ("kitchen", "room", "hall", "bedroom"),
)
# A number of things -> another that is plainly wrong.
_COUNTS = {
    **{"one": "three", "single": "double", "two": "five", "three": "one", "four": "two"},
    **{"five": "two", "six": "three", "several": "no", "many": "hardly any"},
}
_PLURALS = {"child": "children", "man": "men", "woman": "women", "person": "people"}
_CLAUSES = ("while a small dog waits", "while two children watch", "beside an old bicycle")

Row = dict[str, Any]
# an image's values, another image's values, a number in [0, 1) -> changed columns; {} if impossible
Spoil = Callable[[Row, Row, float], Row]


@dataclass(frozen=True)
class Corruption:
    """One way to corrupt a value.

    Attributes:
        name: the name of the corruption.
        part: the field it corrupts; `triplet` for background, attribute and subject together.
        severity: easy, medium, hard, cross_field or control.
        judged: the fields of which at least one must be flagged.
        spoil: the function that applies it.
    """

    name: str
    part: str
    severity: str
    judged: tuple[str, ...]
    spoil: Spoil


def _pick(values: Sequence[Any], chance: float) -> Any:
    return values[int(chance * len(values))] if values else None


def _is_positive(emotion: str) -> bool:
    return emotion in POSITIVE_MIKELS


def _opposite_half(row: Row, _: Row, chance: float) -> Row:
    half = [e for e in MIKELS_8 if _is_positive(e) != _is_positive(row["emotion"])]
    return {"emotion": _pick(half, chance)}


def _other_arousal(row: Row, _: Row, __: float) -> Row:
    here = MIKELS_ANCHORS[row["emotion"]].arousal
    half = [e for e in MIKELS_8 if _is_positive(e) == _is_positive(row["emotion"])]
    return {"emotion": max(half, key=lambda e: abs(MIKELS_ANCHORS[e].arousal - here))}


def _confusable(row: Row, _: Row, __: float) -> Row:
    return {"emotion": _CONFUSABLE[row["emotion"]]}


def _other_text(name: str) -> Spoil:
    def spoil(row: Row, other: Row, _: float) -> Row:
        mine, theirs = str(row[name] or "").lower(), str(other[name] or "").lower()
        return {name: other[name]} if theirs and theirs not in mine else {}

    return spoil


def _swapped_subject(row: Row, other: Row, _: float) -> Row:
    text, mine, theirs = row["description"], row["subject"], other["subject"]
    if not (text and mine and theirs) or mine == theirs or mine not in text:
        return {}
    return {"description": text.replace(mine, theirs, 1)}


def _added_clause(row: Row, _: Row, chance: float) -> Row:
    text = (row["description"] or "").rstrip(". ")
    clause = _pick(_CLAUSES, chance)
    is_new = text and not set(clause.split()[-2:]) & set(text.lower().split())
    return {"description": f"{text} {clause}."} if is_new else {}


def _opposite_word(row: Row, _: Row, __: float) -> Row:
    words = str(row["background"] or "").split()
    for place, word in enumerate(words):
        if word.lower() in _OPPOSITES:
            return {
                "background": " ".join(
                    [*words[:place], _OPPOSITES[word.lower()], *words[place + 1 :]]
                )
            }
    return {}


def _words_of(tone: str) -> list[str]:
    return [word for word, given in ATTRIBUTE_POLARITY.items() if given == tone]


def _antonym(row: Row, _: Row, chance: float) -> Row:
    tone = polarity(str(row["attribute"] or ""))
    other = {POSITIVE: NEGATIVE, NEGATIVE: POSITIVE}.get(tone or "")
    return {"attribute": _pick(_words_of(other), chance)} if other else {}


def _neutral_word(row: Row, _: Row, chance: float) -> Row:
    if polarity(str(row["attribute"] or "")) in (None, NEUTRAL):
        return {}
    return {"attribute": _pick(_words_of(NEUTRAL), chance)}


def _background_noun(row: Row, _: Row, __: float) -> Row:
    noun = str(row["background"] or "").split()[-1:]
    return {"subject": noun[0]} if noun and noun[0] not in str(row["subject"]) else {}


def _other_parts(*names: str) -> Spoil:
    def spoil(row: Row, other: Row, _: float) -> Row:
        is_other = all(other[name] and other[name] != row[name] for name in names)
        return {name: other[name] for name in names} if is_other else {}

    return spoil


def _intensity(levels: Mapping[str, str]) -> Spoil:
    def spoil(row: Row, _: Row, __: float) -> Row:
        level = levels.get(str(row["intensity_level"]))
        return {"intensity": LEVEL_VALUES[level]} if level else {}

    return spoil


def _same_level(row: Row, _: Row, __: float) -> Row:
    moved = {3: 4, 4: 3, 1: 2, 2: 1, 5: 6, 6: 5, 7: 6, 8: 9, 9: 8, 10: 9}
    return {"intensity": moved[row["intensity"]]} if row["intensity"] else {}


def _other_box(row: Row, other: Row, _: float) -> Row:
    mine, theirs = row["box"], other["box"]
    if not (mine and theirs) or intersection_over_union(Box(*mine), Box(*theirs)) >= 0.3:
        return {}
    return {"box": theirs}


def _shifted(row: Row, _: Row, __: float) -> Row:
    """Shift the box by two fifths of its width, left or right: intersection over union 0.43."""
    if not row["box"]:
        return {}
    left, top, right, bottom = row["box"]
    step = 0.4 * (right - left)
    step = step if left < step else -step
    return {"box": [left + step, top, right + step, bottom]}


def _loose(row: Row, _: Row, __: float) -> Row:
    """Scale each side by 1.6 about the centre: intersection over union 0.39."""
    if not row["box"]:
        return {}
    left, top, right, bottom = row["box"]
    wide, high = 0.3 * (right - left), 0.3 * (bottom - top)
    return {"box": [max(0.0, left - wide), max(0.0, top - high), right + wide, bottom + high]}


def _moved_together(row: Row, other: Row, chance: float) -> Row:
    emotion = _opposite_half(row, other, chance)["emotion"]
    tone = POSITIVE if _is_positive(emotion) else NEGATIVE
    return {"emotion": emotion, "attribute": _pick(_words_of(tone), chance)}


def _other_spacing(row: Row, _: Row, __: float) -> Row:
    text = row["description"]
    return {"description": f" {text.replace(' ', '  ')} "} if text else {}


def _other_count(row: Row, _: Row, __: float) -> Row:
    """Give another number than the description's, or make three of its one subject."""
    text, subject = str(row["description"] or ""), str(row["subject"] or "")
    if counted := re.search(rf"\b({'|'.join(_COUNTS)})\b", text):
        start, end = counted.span()
        return {"description": f"{text[:start]}{_COUNTS[counted[0]]}{text[end:]}"}
    article = re.compile(rf"\b([Aa])n? ({re.escape(subject)})\b") if subject else None
    if article is None or not article.search(text):
        return {}
    *rest, noun = subject.split()
    several = " ".join((*rest, _PLURALS.get(noun, f"{noun}s")))
    return {"description": article.sub(rf"\1 group of three {several}", text, count=1)}


def _removed(row: Row, _: Row, __: float) -> Row:
    return {"box": None} if row["box"] else {}


def _dropped_subject(row: Row, _: Row, __: float) -> Row:
    text, subject = row["description"], row["subject"]
    if not (text and subject) or subject not in text:
        return {}
    return {"description": text.replace(subject, "something")}


def _same_scene(row: Row, other: Row, _: float) -> Row:
    """Take another image's background, of another place in the same coarse class of scene."""
    mine, theirs = (set(str(one["background"] or "").lower().split()) for one in (row, other))
    for scene in _SCENES:
        here, there = mine & set(scene), theirs & set(scene)
        if here and there and not here & there:
            return {"background": other["background"]}
    return {}


def _subject_as_background(row: Row, _: Row, __: float) -> Row:
    return {"background": row["subject"]} if row["subject"] else {}


def _other_strength(row: Row, _: Row, __: float) -> Row:
    word = _OTHER_STRENGTH.get(str(row["attribute"] or "").lower())
    return {"attribute": word} if word else {}


def _named_emotion(row: Row, _: Row, __: float) -> Row:
    return {"attribute": row["emotion"]} if row["attribute"] else {}


def _near_kind(row: Row, _: Row, __: float) -> Row:
    thing = _NEAR_KINDS.get(str(row["subject"] or "").lower())
    return {"subject": thing} if thing else {}


def _others_attribute(row: Row, other: Row, _: float) -> Row:
    """Give the subject the attribute of another image's subject, of the same polarity."""
    mine, theirs = str(row["attribute"] or ""), str(other["attribute"] or "")
    is_alike = polarity(mine) is not None and polarity(mine) == polarity(theirs)
    return {"attribute": theirs} if is_alike and mine != theirs else {}


def _mirrored(row: Row, _: Row, __: float) -> Row:
    """Move the box to the opposite place in the same image, where another thing is."""
    if not row["box"]:
        return {}
    left, top, right, bottom = row["box"]
    wide, high = row["width_px"], row["height_px"]
    moved = [wide - right, high - bottom, wide - left, high - top]
    is_apart = intersection_over_union(Box(*row["box"]), Box(*moved)) < 0.3
    return {"box": moved} if is_apart else {}


def _cut(row: Row, _: Row, __: float) -> Row:
    """Cut the box to 45 % of its width, so that it splits the thing: that is also its overlap."""
    if not row["box"]:
        return {}
    left, top, right, bottom = row["box"]
    return {"box": [left, top, left + 0.45 * (right - left), bottom]}


def _outside(row: Row, _: Row, __: float) -> Row:
    if not row["box"]:
        return {}
    left, top, right, bottom = row["box"]
    return {"box": [left + row["width_px"], top, right + row["width_px"], bottom]}


def _other_case(name: str) -> Spoil:
    def spoil(row: Row, _: Row, __: float) -> Row:
        return {name: row[name].upper()} if row[name] else {}

    return spoil


_TRIPLET = ("background", "attribute", "subject")
_FAR = {"low": "high", "high": "low"}
_NEAR = {"low": "medium", "medium": "high", "high": "medium"}
# name, part, severity, function; judged by the part itself, or by the fields given last
_KINDS: tuple[tuple[Any, ...], ...] = (
    ("opposite_half", "emotion", "easy", _opposite_half),
    ("other_arousal", "emotion", "medium", _other_arousal),
    ("confusable", "emotion", "hard", _confusable),
    ("moved_together", "emotion", CROSS_FIELD, _moved_together, ("emotion", "attribute")),
    ("other_description", "description", "easy", _other_text("description")),
    ("swapped_subject", "description", "medium", _swapped_subject),
    ("added_clause", "description", "hard", _added_clause),
    ("count_changed", "description", "hard", _other_count),
    ("dropped_subject", "description", "hard", _dropped_subject),
    ("other_spacing", "description", CONTROL, _other_spacing),
    ("other_background", "background", "easy", _other_text("background")),
    ("subject_as_background", "background", "easy", _subject_as_background),
    ("same_scene", "background", "medium", _same_scene),
    ("opposite_word", "background", "hard", _opposite_word),
    ("other_case", "background", CONTROL, _other_case("background")),
    ("antonym", "attribute", "easy", _antonym),
    ("named_emotion", "attribute", "easy", _named_emotion),
    ("neutral_word", "attribute", "medium", _neutral_word),
    ("other_strength", "attribute", "hard", _other_strength),
    ("other_case", "attribute", CONTROL, _other_case("attribute")),
    ("other_subject", "subject", "easy", _other_text("subject")),
    ("background_noun", "subject", "medium", _background_noun),
    ("near_kind", "subject", "hard", _near_kind),
    ("other_case", "subject", CONTROL, _other_case("subject")),
    ("all_parts", "triplet", "easy", _other_parts(*_TRIPLET), _TRIPLET),
    ("two_parts", "triplet", "medium", _other_parts("attribute", "subject"), _TRIPLET),
    ("others_attribute", "triplet", "hard", _others_attribute, _TRIPLET),
    ("far_level", "intensity", "easy", _intensity(_FAR)),
    ("near_level", "intensity", "medium", _intensity(_NEAR)),
    ("same_level", "intensity", CONTROL, _same_level),
    ("box_removed", "box", "easy", _removed),
    ("other_box", "box", "easy", _other_box),
    ("outside", "box", "easy", _outside),
    ("mirrored", "box", "medium", _mirrored),
    ("shifted", "box", "hard", _shifted),
    ("cut", "box", "hard", _cut),
    ("loose", "box", "hard", _loose),
)
CORRUPTIONS = tuple(
    Corruption(name, part, severity, judged[0] if judged else (part,), spoil)
    for name, part, severity, spoil, *judged in _KINDS
)
