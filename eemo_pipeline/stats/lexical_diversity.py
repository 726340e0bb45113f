"""Words, entropy and lexical diversity of a text.

`words`, `entropy_bits` and `mtld` follow the definitions behind EmoArt's and AIGIEmo's published
means: tokens are runs of ASCII letters, and MTLD is 0 where no factor is found. That zero pulls the
mean of short texts down, so that two measures without it stand beside: MTLD as published (McCarthy
and Jarvis 2010, for texts of 50 words and more) and the moving-average type-token ratio (Covington
and McFall 2010). `text_overlap.py` compares texts with references.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# The share of types at which a factor is complete (McCarthy and Jarvis 2010).
_FACTOR_TTR = 0.72
_SHORTEST_MTLD = 50
_WINDOW = 25
_LETTERS = re.compile("[a-z]+")


@dataclass(frozen=True)
class LexicalDiversity:
    """The measures of one text.

    Attributes:
        words: number of tokens.
        entropy_bits: Shannon entropy of the text's own words.
        mtld: by the definition of EmoArt and AIGIEmo, in words per factor; 0 where no factor is
            found.
        mtld_2010: as McCarthy and Jarvis define it; None below 50 words.
        mattr_25: moving-average type-token ratio, 0-1; None below 25 words.
    """

    words: int
    entropy_bits: float
    mtld: float
    mtld_2010: float | None
    mattr_25: float | None


def measure_text(text: str) -> LexicalDiversity:
    """Return all measures of a text."""
    tokens = split_words(text)
    return LexicalDiversity(
        len(tokens), entropy_bits(tokens), mtld(tokens), mtld_2010(tokens), mattr(tokens)
    )


def split_words(text: str) -> list[str]:
    """Return the maximal runs of ASCII letters of the text in lower case."""
    return _LETTERS.findall(text.lower())


def entropy_bits(tokens: Sequence[str]) -> float:
    """Return the Shannon entropy of the tokens' own frequencies, in bits; 0 without tokens."""
    total = len(tokens)
    # `+ 0.0`, since a single word would give minus zero.
    return 0.0 - sum(n / total * math.log2(n / total) for n in Counter(tokens).values()) + 0.0


def mtld(tokens: Sequence[str]) -> float:
    """Return words per factor, the mean of both directions; 0 in a direction without a factor.

    A factor ends where the share of types falls below 0.72; what is left adds its part of one.
    """
    directions = (tokens, tokens[::-1])
    return sum(_words_per_factor(words) for words in directions) / 2


def mtld_2010(tokens: Sequence[str]) -> float | None:
    """Return MTLD as McCarthy and Jarvis (2010) publish it; None below 50 words.

    A factor ends where the share of types reaches 0.72, and a text whose words all differ has one
    factor.
    """
    if len(tokens) < _SHORTEST_MTLD:
        return None
    found = []
    for words in (tokens, tokens[::-1]):
        factors = _factors(words, reaches=True)
        found.append(len(words) / (factors or 1))
    return sum(found) / 2


def mattr(tokens: Sequence[str], window: int = _WINDOW) -> float | None:
    """Return the mean share of types over all windows of that many words; None for fewer words."""
    if len(tokens) < window:
        return None
    counts = Counter(tokens[:window])
    types = [len(counts)]
    for place in range(window, len(tokens)):
        gone = tokens[place - window]
        counts[gone] -= 1
        if not counts[gone]:
            del counts[gone]
        counts[tokens[place]] += 1
        types.append(len(counts))
    return sum(types) / len(types) / window


def _words_per_factor(tokens: Sequence[str]) -> float:
    factors = _factors(tokens, reaches=False)
    return len(tokens) / factors if factors else 0.0


def _factors(tokens: Sequence[str], *, reaches: bool) -> float:
    """Return the number of factors; `reaches`: whether one ends at 0.72 itself or below it."""
    factors, types, words = 0.0, set[str](), 0
    for token in tokens:
        words += 1
        types.add(token)
        share = len(types) / words
        if share < _FACTOR_TTR or (reaches and share == _FACTOR_TTR):
            factors, types, words = factors + 1, set(), 0
    if words:
        factors += (1 - len(types) / words) / (1 - _FACTOR_TTR)
    return factors
