"""How alike two short texts are: one interface, and its embedded measure by shared lemmas.

Sentence embeddings are another measure, of a model in a child process
(`resources/child_models/sentence_embeddings.py`). A measure compares words, never images.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Protocol

# Texts whose words stay in memory: each is compared many times, in few minutes.
TEXTS_KEPT = 50_000
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
# Determiners, prepositions, conjunctions, pronouns and auxiliaries carry no content.
_EMPTY = frozenset(
    (
        *("a", "an", "the", "this", "that", "these", "those", "some", "any", "each", "every", "no"),
        *("its", "his", "her", "their", "our", "my", "your", "it", "he", "she", "they", "them"),
        *("him", "who", "which", "what", "there", "and", "or", "but", "nor", "as", "if", "while"),
        *("than", "so", "of", "in", "on", "at", "by", "with", "from", "to", "into", "onto", "over"),
        *("under", "near", "beside", "behind", "before", "after", "between", "above", "below"),
        *("across", "along", "through", "around", "against", "among", "within", "without", "for"),
        *("about", "is", "are", "was", "were", "be", "been", "being", "am", "has", "have", "had"),
        *("does", "do", "did", "will", "would", "can", "could", "may", "might", "very", "mostly"),
    )
)
_LONGEST_WORD = 40
# Plain words for one thing, where annotators differ in nothing but the word.
_SAME = {
    **dict.fromkeys(("region", "part", "patch", "zone"), "area"),
    **dict.fromkeys(("picture", "photo", "photograph", "composition", "scene"), "image"),
    **dict.fromkeys(("background", "setting"), "surroundings"),
}


class TextSimilarity(Protocol):
    """Measures how alike texts are.

    Attributes:
        name: the measure and its version, as recorded in the column method.
    """

    @property
    def name(self) -> str:
        """The measure and its version."""
        ...

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the similarity of each pair, 0 to 1, in order."""
        ...


class LemmaOverlap:
    """Shared content lemmas of two texts (Dice 1945); implements `TextSimilarity`.

    Twice the number of shared lemmas over the sum of both numbers. Equal texts have 1, also where
    neither has a content word.
    """

    name = "lemma overlap (Dice)"

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the overlap of each pair."""
        return [_overlap(one, other) for one, other in pairs]


@lru_cache(TEXTS_KEPT)
def list_lemmas(text: str) -> tuple[str, ...]:
    """Return the lemmas of the content words, in order: lower case, without determiners.

    Plain words for one thing (area, region, part) have one lemma.
    """
    return tuple(_lemma(word) for word in split_words(text) if word not in _EMPTY)


def split_words(text: str) -> list[str]:
    """Return the words of a text, in order and in lower case."""
    return _WORD.findall(text.lower())


@lru_cache(TEXTS_KEPT)
def split_claims(text: str) -> tuple[str, ...]:
    """Return the clauses of a description, each of which claims something."""
    parts = re.split(r"[.;:!?]|,|\band\b|\bwhile\b|\bwith\b|\bthat\b|\bwhich\b", text)
    return tuple(part.strip() for part in parts if list_lemmas(part))


@lru_cache(TEXTS_KEPT)
def _overlap(one: str, other: str) -> float:
    mine, theirs = set(list_lemmas(one)), set(list_lemmas(other))
    if not mine and not theirs:
        return float(one.strip().lower() == other.strip().lower())
    return round(2 * len(mine & theirs) / (len(mine) + len(theirs)), 6)


@cache
def _lemma(word: str) -> str:
    from simplemma import lemmatize

    lemma = lemmatize(word, "en").lower() if len(word) <= _LONGEST_WORD else word
    return _SAME.get(lemma, lemma)
