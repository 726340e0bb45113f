"""The phrases that a detector searches for, made of the words of a record.

The words are untrusted: only letters, digits, hyphens and apostrophes are left of them.
"""

import re

_MOST_WORDS = 8
_PREPOSITION = re.compile(
    r"\b(?:at|behind|beside|by|for|from|in|near|of|on|over|to|under|with)\b.*"
)


def phrases_of(subject: str | None, attribute: str | None) -> tuple[str, ...]:
    """Return what a detector searches for: subject, then attribute and subject, then head noun.

    The order of EmoVerse's detection queries; a phrase has at most eight words. The attribute is
    left out if the subject already contains it. The head noun is the last word before a
    preposition.
    """
    words = plain_words(subject)[:_MOST_WORDS]
    if not words:
        return ()
    named = plain_words(attribute)[:_MOST_WORDS]
    described = [] if not named or contains(words, named) else named
    head = _PREPOSITION.sub("", " ".join(words)).split()[-1:]
    wordings = (words, [*described, *words][:_MOST_WORDS], head)
    return tuple(dict.fromkeys(" ".join(wording) for wording in wordings if wording))


def plain_words(text: str | None) -> list[str]:
    """Return the words of a text, in lower case."""
    return re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", (text or "").casefold())


def contains(words: list[str], part: list[str]) -> bool:
    """Return whether `part` is in `words`, word by word and in one piece."""
    return f" {' '.join(part)} " in f" {' '.join(words)} "
