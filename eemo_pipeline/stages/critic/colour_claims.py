"""Checks a text's claims about colour and light against the image's measures.

Holds closed lists of words whose truth can be measured, and their tests. The tests are lenient: a
claim fails only if the measures clearly contradict it, because a word may refer to a small part of
the image. The problems that follow are in `rules.py`.
"""

import colorsys
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import takewhile

import numpy as np

from eemo_pipeline.aggregation.text_similarity import TEXTS_KEPT
from eemo_pipeline.emotion.colour import colour_names, lab_of, rgb_of
from eemo_pipeline.roles.critic import Look

# Letters with inner apostrophes or hyphens: "sun-dappled" is one word.
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_PREPOSITIONS = frozenset(
    ("above", "at", "behind", "beside", "by", "in", "near", "of", "on", "over", "under", "with")
)
_HEXADECIMAL = re.compile(r"#[0-9a-fA-F]{6}")

# Hue in degrees, saturation and value in [0, 1]; the ranges overlap on purpose. The names are the
# basic colour terms of Berlin and Kay 1969; common variants follow below. Black, white and grey are
# left out: as shadow, highlight and haze they occur in nearly every image.
_ColourTest = Callable[[float, float, float], bool]
_COLOURS: dict[str, _ColourTest] = {
    "red": lambda h, s, _: (h <= 25 or h >= 325) and s >= 0.15,
    "orange": lambda h, s, _: 5 <= h <= 55 and s >= 0.15,
    "yellow": lambda h, s, _: 30 <= h <= 80 and s >= 0.1,
    "green": lambda h, s, _: 50 <= h <= 190 and s >= 0.08,
    "blue": lambda h, s, _: 160 <= h <= 275 and s >= 0.08,
    "purple": lambda h, s, _: 240 <= h <= 345 and s >= 0.08,
    "pink": lambda h, s, v: (h >= 280 or h <= 30) and s >= 0.05 and v >= 0.4,
    "brown": lambda h, s, v: (h <= 55 or h >= 345) and s >= 0.1 and v <= 0.85,
}
_COLOUR_WORDS = {
    **{name: name for name in _COLOURS},
    "violet": "purple",
    "golden": "yellow",
    "reddish": "red",
    "greenish": "green",
    "bluish": "blue",
    "yellowish": "yellow",
    "brownish": "brown",
}
_MIXTURES = (0.5, 0.75, 1.0)  # shares of the first colour in a mixture of two
_STEP = 0.15  # smallest difference in HSV value at which parts count as bright or dark


# Hasler and Suesstrunk 2003, Table 2: 15 is "slightly", 59 "quite", 82 "highly" colourful.
_LIGHT_WORDS: Mapping[str, Callable[[Look], bool]] = {
    **dict.fromkeys(
        ("bright", "brightly", "luminous", "sunny"),
        lambda look: look.brightness >= 0.35 or _has_steps(look) or _has_value(look, 0.6, 1.0),
    ),
    **dict.fromkeys(
        ("dark", "dim", "dimly", "gloomy", "shadowy"),
        lambda look: look.brightness <= 0.65 or _has_steps(look) or _has_value(look, 0.0, 0.4),
    ),
    **dict.fromkeys(
        ("colourful", "colorful", "vivid", "vibrant"), lambda look: look.colourfulness >= 15
    ),
    **dict.fromkeys(
        ("colourless", "colorless", "monochrome"), lambda look: look.colourfulness <= 59
    ),
}


@lru_cache(TEXTS_KEPT)
def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case."""
    return tuple(_WORD.findall(text.lower()))


def unsupported_claims(text: str, look: Look) -> list[str]:
    """Return the words for colour and light in `text` that the measures contradict, sorted.

    A colour word is supported by any dominant colour, or mixture of two, whose nearest basic term
    in CIE Lab is that word, or which lies in the word's range of hue, saturation and value. If no
    colour was measured, no colour word is contradicted. Bright and dark are supported by the
    brightness of the whole image or of a dominant colour, or by the difference between dominant
    colours.
    """
    words = set(split_words(text))
    wrong = {word for word in words & _LIGHT_WORDS.keys() if not _LIGHT_WORDS[word](look)}
    if named := words & _COLOUR_WORDS.keys():
        colours = [colour for colour in look.dominant_colours if _HEXADECIMAL.fullmatch(colour)]
        if colours:
            wrong |= {word for word in named if not _bears_out(colours, _COLOUR_WORDS[word])}
    return sorted(wrong)


@lru_cache(TEXTS_KEPT)
def mentions(text: str, subject: str) -> bool:
    """Return whether `text` contains the head noun of `subject`, singular or plural.

    The head is the last word before the first preposition: "area" in "a dark area at the left".
    """
    words = split_words(subject)
    head = tuple(takewhile(lambda word: word not in _PREPOSITIONS, words)) or words
    return bool(head) and _stem(head[-1]) in set(map(_stem, split_words(text)))


@lru_cache(TEXTS_KEPT)
def same_phrase(one: str, other: str) -> bool:
    """Return whether two phrases have the same words, ignoring articles, plurals and order."""
    return _content(one) == _content(other)


def _content(text: str) -> list[str]:
    return sorted(_stem(word) for word in split_words(text) if word not in ("a", "an", "the"))


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch")):
        if word.endswith(ending):
            return word.removesuffix(ending) + instead
    return word.removesuffix("s") if not word.endswith("ss") else word


def _bears_out(colours: list[str], term: str) -> bool:
    """Return whether the colour term fits one of the colours, or a mixture of two."""
    test = _COLOURS[term]
    if any(test(*_hsv(*rgb_of(colour))) for colour in colours):
        return True
    pure = np.array([rgb_of(colour) for colour in colours], dtype=np.float64)
    # A viewer names an area by its mean colour, which may lie between two dominant colours.
    mixed = np.concatenate(
        [share * pure[:, None] + (1 - share) * pure[None] for share in _MIXTURES]
    )
    seen = mixed.reshape(-1, 3).round().astype(np.uint8)
    if any(test(*_hsv(*colour)) for colour in seen.tolist()):
        return True
    return term in colour_names(lab_of(seen))


def _values(look: Look) -> list[float]:
    """Return the HSV value of each dominant colour."""
    colours = filter(_HEXADECIMAL.fullmatch, look.dominant_colours)
    return [max(rgb_of(colour)) / 255 for colour in colours]


def _has_value(look: Look, low: float, high: float) -> bool:
    return any(low <= value <= high for value in _values(look))


def _has_steps(look: Look) -> bool:
    """Return whether one dominant colour is clearly brighter than another."""
    values = _values(look)
    return bool(values) and max(values) - min(values) >= _STEP


def _hsv(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """Return hue in degrees, saturation and value of an 8-bit colour."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    return hue * 360, saturation, value
