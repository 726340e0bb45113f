"""Phrases from a triplet: `{attribute} {subject} {in|at|on} {background}`, for query and prompt.

The words are a model's, so they are text and nothing else: they are cut, never interpreted.
"""

import re
from collections.abc import Iterator

from eemo_pipeline.emotion.attributes import NEGATIVE, NEUTRAL, POSITIVE, polarity
from eemo_pipeline.emotion.taxonomies import POSITIVE_MIKELS

_LONGEST_PART = 200  # characters
_DETERMINERS = frozenset(("a", "an", "the", "some", "this", "that", "these", "those"))
# A background that begins with one of these says where it is by itself.
_PLACED = frozenset(
    (
        *("in", "on", "at", "under", "by", "near", "against", "behind", "among", "inside"),
        *("outside", "indoors", "outdoors", "along", "above", "below", "beside", "over"),
    )
)
_SURFACES = frozenset(
    (
        *("beach", "bridge", "carpet", "cliff", "coast", "floor", "grass", "ground", "hill"),
        *("island", "lawn", "path", "plain", "road", "roof", "rock", "rocks", "sand", "shore"),
        *("stage", "street", "surface", "table", "wall"),
    )
)
_EVENTS = frozenset(
    (
        *("airport", "ceremony", "concert", "dusk", "dawn", "festival", "funeral", "market"),
        *("night", "parade", "party", "play", "protest", "show", "station", "sunrise", "sunset"),
        *("wedding", "work"),
    )
)
# What follows one of these says more about the noun before it.
_TAIL = re.compile(r",|\s(?:with|in|on|at|under|by|near|against|behind|that|which|lined)\s")


def phrase(background: str, attribute: str, subject: str) -> str:
    """Return the triplet in one phrase, in lower case but for names."""
    return _join(*(_plain(part) for part in (background, attribute, subject)))


def query(background: str, attribute: str, subject: str, most_words: int) -> str | None:
    """Return the triplet as a search query, or None if it has too many words however it is cut.

    First the background loses what is said about it, then the subject; never the attribute.
    """
    parts = tuple(_plain(part) for part in (background, attribute, subject))
    for shorter in _shorten(*parts):
        words = re.sub(r"[^\w\s'-]", " ", _join(*shorter)).split()
        if len(words) <= most_words:
            return " ".join(words)
    return None


def fits_polarity(text: str, emotion: str) -> bool:
    """Return whether no word of the text has the polarity opposite to the emotion's."""
    opposite = NEGATIVE if emotion in POSITIVE_MIKELS else POSITIVE
    words = re.findall(r"[\w'-]+", text)
    return opposite not in {polarity(word) or NEUTRAL for word in (text, *words)}


def _shorten(background: str, attribute: str, subject: str) -> Iterator[tuple[str, str, str]]:
    short_subject, short_background = _head(subject), _head(background)
    yield background, attribute, subject
    yield short_background, attribute, subject
    yield background, attribute, short_subject
    yield short_background, attribute, short_subject


def _head(part: str) -> str:
    """Return a phrase up to what says more about its noun; a leading preposition stays."""
    found = _TAIL.search(part)
    return part[: found.start()] if found else part


def _join(background: str, attribute: str, subject: str) -> str:
    words = background.split()
    if words[0].lower() in _PLACED:
        place = background
    else:
        last = re.findall(r"[\w'-]+", _head(background).lower())[-1:]
        known = "on" if _SURFACES & {*last} else "at" if _EVENTS & {*last} else "in"
        place = f"{known} {background}"
    is_said = subject.lower().split()[0] == attribute.lower()
    return f"{subject} {place}" if is_said else f"{attribute} {subject} {place}"


def _plain(part: str) -> str:
    """Return a part without its determiner, control characters, brackets and surplus blanks."""
    words = re.sub(r"[^\w\s,'&-]", " ", part[:_LONGEST_PART]).split()
    while len(words) > 1 and words[0].lower() in _DETERMINERS:
        words = words[1:]
    return " ".join(words).strip(" ,-") or part.strip()[:_LONGEST_PART]
