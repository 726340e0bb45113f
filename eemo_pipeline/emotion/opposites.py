"""Scales of plain words, on which two texts about one image can contradict each other.

A scale lists words for its low and its high end. Texts contradict each other on it where one names
only the low and the other only the high end; words between the ends contradict nothing. Two basic
colour terms of one thing contradict each other unless a text names both. The lists are our own
choice of common words.
"""

from collections.abc import Set

from eemo_pipeline.emotion.attributes import ATTRIBUTE_POLARITY, NEGATIVE, POSITIVE

_LIGHT = (
    ("dark", "dim", "dimly", "gloomy", "murky", "shaded", "shadowy"),
    ("airy", "bright", "brightly", "dazzling", "glaring", "luminous", "radiant", "sunlit", "sunny"),
)
_STRENGTH = (
    ("faded", "muted", "pale", "washed-out"),
    ("colourful", "deep", "garish", "intense", "rich", "vibrant", "vivid"),
)
_HEAT = (
    ("chilly", "cold", "cool", "icy"),
    ("cosy", "hot", "warm"),
)
_ENERGY = (
    (
        "calm",
        "flat",
        "gentle",
        "lifeless",
        "passive",
        "peaceful",
        "quiet",
        "serene",
        "soft",
        "still",
    ),
    ("active", "agitated", "energetic", "lively", "restless", "stirring", "striking", "tense"),
)
_PLEASANTNESS = (("unpleasant",), ("pleasant",))
_TEXTURE = (("plain", "smooth"), ("busy", "chaotic", "dense", "textured"))
_PLACE = (("indoor", "indoors", "inside"), ("outdoor", "outdoors", "outside"))
_TIME = (("night", "nighttime"), ("daylight", "daytime", "midday"))
SCALES: dict[str, tuple[Set[str], Set[str]]] = {
    name: (frozenset(low), frozenset(high))
    for name, (low, high) in (
        ("light", _LIGHT),
        ("strength of colour", _STRENGTH),
        ("heat", _HEAT),
        ("energy", _ENERGY),
        ("pleasantness", _PLEASANTNESS),
        ("texture", _TEXTURE),
        ("place", _PLACE),
        ("time", _TIME),
    )
}
# The basic colour terms (Berlin and Kay 1969) and common variants.
COLOURS = {
    **{name: name for name in ("black", "white", "grey", "red", "orange", "yellow", "green")},
    **{name: name for name in ("blue", "purple", "pink", "brown")},
    **{"gray": "grey", "violet": "purple", "golden": "yellow", "silver": "grey"},
}
# Between the ends of their scale, or names of a scale: they say how, and never what.
_BETWEEN = frozenset(
    ("half-lit", "coloured", "balanced", "even", "mild", "moderate", "patterned", "texture")
)

_ON_A_SCALE = frozenset().union(
    _BETWEEN, ATTRIBUTE_POLARITY, *(low | high for low, high in SCALES.values())
)


def contradict(one: Set[str], other: Set[str]) -> list[str]:
    """Return the scales on which two sets of lower-case words contradict each other."""
    found = [
        name for name, ends in SCALES.items() if {_end(one, ends), _end(other, ends)} == {-1, 1}
    ]
    mine, theirs = _colours(one), _colours(other)
    return [*found, "colour"] if mine and theirs and not mine & theirs else found


def contradict_in_tone(one: str, other: str) -> bool:
    """Return whether one attribute is pleasant and the other unpleasant, by the lexicon."""
    tones = {ATTRIBUTE_POLARITY.get(text.strip().lower()) for text in (one, other)}
    return tones == {POSITIVE, NEGATIVE}


def is_on_a_scale(word: str) -> bool:
    """Return whether a lower-case word says how something is, by a scale or the lexicon."""
    return word in _ON_A_SCALE


def _end(words: Set[str], ends: tuple[Set[str], Set[str]]) -> int:
    """Return -1 or 1 where only that end of a scale is named, else 0."""
    low, high = (bool(words & end) for end in ends)
    return int(high) - int(low)


def _colours(words: Set[str]) -> Set[str]:
    return {COLOURS[word] for word in words if word in COLOURS}
