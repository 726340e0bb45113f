"""What a text claims about colour and light, and whether the picture's measures bear it out.

Belongs here: closed lists of words whose truth can be measured, and their tests. Does not belong
here: verdicts (`rules.py`). The tests are generous: a claim fails only where the picture
plainly says otherwise, for a word may speak of a small part of it.
"""

import colorsys
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from eemo_pipeline.emotion.colour import colour_names, lab_of, rgb_of

# Words of letters with inner apostrophes or hyphens: "sun-dappled" is one word.
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_HEXADECIMAL = re.compile(r"#[0-9a-fA-F]{6}")

# Hue in degrees, saturation and value in [0, 1]; the ranges overlap on purpose. The names are
# the basic colour terms of Berlin and Kay 1969, with common variants.
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
    "black": lambda _h, _s, v: v <= 0.35,
    "white": lambda _h, s, v: v >= 0.7 and s <= 0.3,
    "grey": lambda _h, s, _v: s <= 0.3,
}
_COLOUR_WORDS = {
    **{name: name for name in _COLOURS},
    "gray": "grey",
    "violet": "purple",
    "golden": "yellow",
    "reddish": "red",
    "greenish": "green",
    "bluish": "blue",
    "yellowish": "yellow",
    "brownish": "brown",
}


@dataclass(frozen=True)
class Look:
    """What was measured on a picture: brightness in [0, 1], colourfulness M3, colours #rrggbb."""

    brightness: float
    colourfulness: float
    dominant_colours: tuple[str, ...]


# Hasler and Suesstrunk 2003, Table 2: 15 is "slightly", 59 "quite", 82 "highly" colourful.
_LIGHT_WORDS: Mapping[str, Callable[[Look], bool]] = {
    **dict.fromkeys(
        ("bright", "brightly", "luminous", "sunny"),
        lambda look: look.brightness >= 0.35 or _has_value(look, 0.7, 1.0),
    ),
    **dict.fromkeys(
        ("dark", "dim", "dimly", "gloomy", "shadowy"),
        lambda look: look.brightness <= 0.65 or _has_value(look, 0.0, 0.4),
    ),
    **dict.fromkeys(
        ("colourful", "colorful", "vivid", "vibrant"), lambda look: look.colourfulness >= 15
    ),
    **dict.fromkeys(
        ("colourless", "colorless", "monochrome"), lambda look: look.colourfulness <= 59
    ),
}


def split_words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def unsupported_claims(text: str, look: Look) -> list[str]:
    """The words for colour and light in `text` that the measures contradict, each once, sorted.

    A colour is borne out by any dominant colour that is called so (the nearest basic term in
    CIE Lab) or lies in the term's range of hue, saturation and value. Where no colour was
    measured, no colour is contradicted.
    """
    words = set(split_words(text))
    wrong = {word for word in words & _LIGHT_WORDS.keys() if not _LIGHT_WORDS[word](look)}
    if named := words & _COLOUR_WORDS.keys():
        colours = [colour for colour in look.dominant_colours if _HEXADECIMAL.fullmatch(colour)]
        terms = _terms_of(colours)
        if colours:
            wrong |= {word for word in named if _COLOUR_WORDS[word] not in terms}
    return sorted(wrong)


def mentions(text: str, subject: str) -> bool:
    """Whether `text` names the head noun of `subject`: its last word, singular or plural."""
    words = split_words(subject)
    return bool(words) and _stem(words[-1]) in set(map(_stem, split_words(text)))


def same_phrase(one: str, other: str) -> bool:
    """Whether two phrases have the same words, articles and plurals aside."""
    return _content(one) == _content(other)


def _content(text: str) -> list[str]:
    return sorted(_stem(word) for word in split_words(text) if word not in ("a", "an", "the"))


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch")):
        if word.endswith(ending):
            return word.removesuffix(ending) + instead
    return word.removesuffix("s") if not word.endswith("ss") else word


def _terms_of(colours: list[str]) -> set[str]:
    """Every basic colour term that one of the colours bears out."""
    if not colours:
        return set()
    lab = lab_of(np.array([rgb_of(colour) for colour in colours], dtype=np.uint8))
    in_range = {
        term for term, test in _COLOURS.items() if any(test(*_hsv(colour)) for colour in colours)
    }
    return {*colour_names(lab), *in_range}


def _has_value(look: Look, low: float, high: float) -> bool:
    colours = filter(_HEXADECIMAL.fullmatch, look.dominant_colours)
    return any(low <= _hsv(colour)[2] <= high for colour in colours)


def _hsv(colour: str) -> tuple[float, float, float]:
    """Hue in degrees, saturation and value of #rrggbb."""
    red, green, blue = (level / 255 for level in rgb_of(colour))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    return hue * 360, saturation, value
