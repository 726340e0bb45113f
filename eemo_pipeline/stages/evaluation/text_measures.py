"""Measures of texts beside their reference, each as sums over items, so that it can be resampled.

A measure is a row of numbers per item and a function of their sums: a mean divides two sums, and
BLEU needs counts of n-grams. A text that is missing is an empty one for BLEU and CIDEr-D, and none
for the measures of one text alone. Definitions are in `stats/text_overlap.py` and
`stats/lexical_diversity.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.stats.lexical_diversity import entropy_bits, mtld, split_words
from eemo_pipeline.stats.text_overlap import (
    BERTSCORE_MISSING,
    CIDER_SIGNATURE,
    SPICE_MISSING,
    MissingMeasure,
    bleu_of,
    cider_d,
    count_ngrams,
)

_OF_LETTERS = "tok:letters|case:lc"


@dataclass(frozen=True)
class Sums:
    """A measure of texts.

    Attributes:
        columns: items x numbers.
        finish: the values of the measure, one per row of sums.
        signature: variant, tokeniser and versions.
    """

    columns: np.ndarray
    finish: Callable[[np.ndarray], np.ndarray]
    signature: str


TextMeasure = Callable[[Sequence[str], Sequence[str]], Sums]


def _bleu(texts: Sequence[str], references: Sequence[str]) -> Sums:
    counts, signature = count_ngrams(texts, references)
    return Sums(counts, bleu_of, signature)


def _cider(texts: Sequence[str], references: Sequence[str]) -> Sums:
    values = cider_d(texts, [[reference] for reference in references])
    return Sums(np.stack([values, np.ones(len(values))], axis=1), _mean, CIDER_SIGNATURE)


def _alone(
    measure: Callable[[Sequence[str]], float],
    name: str,
    texts: Sequence[str],
    references: Sequence[str],  # noqa: ARG001 (every measure has one form)
) -> Sums:
    given = [float(bool(text)) for text in texts]
    values = [measure(split_words(text)) for text in texts]
    return Sums(np.stack([values, given], axis=1), _mean, f"{name}|{_OF_LETTERS}")


def _bertscore(similarity: TextSimilarity, texts: Sequence[str], references: Sequence[str]) -> Sums:
    values = similarity.compare(list(zip(texts, references, strict=True)))
    return Sums(np.stack([values, np.ones(len(values))], axis=1), _mean, similarity.name)


def _missing(why: str, texts: Sequence[str], references: Sequence[str]) -> Sums:  # noqa: ARG001
    raise MissingMeasure(why)


TEXT_MEASURES: Mapping[str, TextMeasure] = {
    "bleu_4": _bleu,
    "cider_d": _cider,
    "bertscore_f1": partial(_missing, BERTSCORE_MISSING),
    "spice": partial(_missing, SPICE_MISSING),
    "words": partial(_alone, len, "words"),
    "entropy": partial(_alone, entropy_bits, "entropy of the text's own words"),
    "mtld": partial(_alone, mtld, "MTLD at 0.72, 0 without a factor, both directions"),
}
UNITS: Mapping[str, str] = {
    "bleu_4": "percent",
    "cider_d": "points",
    "bertscore_f1": "share",
    "spice": "share",
    "words": "words",
    "entropy": "bits",
    "mtld": "words",
}


def with_bertscore(similarity: TextSimilarity | None) -> Mapping[str, TextMeasure]:
    """Return the measures, with BERTScore where there is a model for it."""
    if similarity is None:
        return TEXT_MEASURES
    return {**TEXT_MEASURES, "bertscore_f1": partial(_bertscore, similarity)}


def _mean(sums: np.ndarray) -> np.ndarray:
    out = np.full(len(sums), np.nan)
    return np.divide(sums[:, 0], sums[:, 1], out=out, where=sums[:, 1] > 0)
