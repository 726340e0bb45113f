"""Overlap of texts with references: BLEU by sacreBLEU, and CIDEr-D.

A measure names its variant and versions in its signature. One that needs a package or a model that
is not here is named as missing, with the way to get it; it is never replaced by another measure.
`lexical_diversity.py` measures one text alone.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_BLEU_ORDERS = 4
_CIDER_ORDERS = 4
_CIDER_SIGMA = 6.0
_CIDER_SCALE = 10.0
CIDER_SIGNATURE = "CIDEr-D|n:1-4|sigma:6|idf:references|tok:words-1|case:lc"
# Words with inner apostrophes and hyphens, and numbers; punctuation is dropped, as the tokeniser of
# the COCO captions does. It needs no Java.
_WORDS = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")  # noqa: RUF001 (the typographic apostrophe)
SPICE_MISSING = (
    "SPICE is not computed: it parses scene graphs with Stanford CoreNLP, which needs Java and is "
    "no part of this package"
)
BERTSCORE_MISSING = "BERTScore needs a text model: name its folder in EEMO_BERTSCORE"
_BLEU_MISSING = "BLEU needs sacreBLEU: install the extra `evaluation`"


class MissingMeasure(LookupError):
    """A measure that cannot be computed here; the message says why, and how to get it."""


def count_ngrams(texts: Sequence[str], references: Sequence[str]) -> tuple[np.ndarray, str]:
    """Return what BLEU-4 needs of each text, and sacreBLEU's signature.

    A row has the matching n-grams of 1 to 4 words, all n-grams of the text, the words of the text,
    and those of the reference. Sums of rows give the corpus value by `bleu_of`.

    Raises:
        MissingMeasure: sacreBLEU is not installed.
    """
    kind = _import_bleu()
    measure, per_text = kind(), kind(effective_order=True)
    measure.corpus_score(["a"], [["a"]])  # the signature counts the references it has seen
    rows = [
        (*found.counts, *found.totals, found.sys_len, found.ref_len)
        for found in (
            per_text.sentence_score(text, [reference])
            for text, reference in zip(texts, references, strict=True)
        )
    ]
    return np.array(rows, dtype=float).reshape(-1, 2 * _BLEU_ORDERS + 2), str(
        measure.get_signature()
    )


def _import_bleu() -> Any:  # the class, of a package that an extra brings
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError as error:
        raise MissingMeasure(_BLEU_MISSING) from error
    return BLEU


def bleu_of(sums: np.ndarray) -> np.ndarray:
    """Return corpus BLEU-4, 0-100, of each row of sums of `count_ngrams`."""
    kind = _import_bleu()
    return np.array(
        [
            kind.compute_bleu(
                [int(n) for n in row[:_BLEU_ORDERS]],
                [int(n) for n in row[_BLEU_ORDERS : 2 * _BLEU_ORDERS]],
                int(row[-2]),
                int(row[-1]),
                smooth_method="exp",
            ).score
            for row in sums
        ]
    )


def cider_d(
    texts: Sequence[str],
    references: Sequence[Sequence[str]],
    tokenise: Callable[[str], list[str]] | None = None,
) -> np.ndarray:
    """Return CIDEr-D per text, 0-10 (Vedantam, Zitnick and Parikh 2015, section 5).

    N-grams of 1 to 4 words are weighted by their rarity among the references of all texts. Counts
    are clipped to the reference's, and a difference in length is punished by a Gaussian of 6 words.
    With a single text every n-gram occurs everywhere, so that the value is 0.

    Args:
        texts: what is judged.
        references: one or more references for each text.
        tokenise: splits a text into words; by default the words without punctuation, in lower case.
    """
    split = tokenise or caption_words
    told = [_ngrams(split(text)) for text in texts]
    known = [[_ngrams(split(text)) for text in row] for row in references]
    documents = Counter(
        ngram for row in known for ngram in set().union(*(counts for counts, _ in row))
    )
    log_all = math.log(max(len(texts), 1))
    idf = {ngram: log_all - math.log(count) for ngram, count in documents.items()}
    return np.array(
        [
            _CIDER_SCALE
            * sum(_similarity(one, reference, idf, log_all) for reference in row)
            / len(row)
            for one, row in zip(told, known, strict=True)
        ]
    )


def caption_words(text: str) -> list[str]:
    """Return the words of a caption in lower case, without punctuation."""
    return _WORDS.findall(text.lower())


_Counts = tuple[Counter[tuple[str, ...]], int]


def _ngrams(tokens: Sequence[str]) -> _Counts:
    """Return the n-grams with their counts, and the length that the penalty compares."""
    counts = Counter(
        tuple(tokens[start : start + n])
        for n in range(1, _CIDER_ORDERS + 1)
        for start in range(len(tokens) - n + 1)
    )
    return counts, max(len(tokens) - 1, 0)


def _similarity(
    told: _Counts, reference: _Counts, idf: dict[tuple[str, ...], float], unknown: float
) -> float:
    """Return the clipped cosine, averaged over the four orders and lowered by the length."""
    dots, told_norms, norms = (np.zeros(_CIDER_ORDERS) for _ in range(3))
    for ngram, count in told[0].items():
        weight = idf.get(ngram, unknown)
        told_norms[len(ngram) - 1] += (count * weight) ** 2
        shared = reference[0][ngram]
        dots[len(ngram) - 1] += min(count, shared) * shared * weight**2
    for ngram, count in reference[0].items():
        norms[len(ngram) - 1] += (count * idf[ngram]) ** 2
    scale = np.sqrt(told_norms * norms)
    cosines = np.divide(dots, scale, out=np.zeros(_CIDER_ORDERS), where=scale > 0)
    penalty = math.exp(-((told[1] - reference[1]) ** 2) / (2 * _CIDER_SIGMA**2))
    return float(cosines.mean() * penalty)
