"""The measures that benchmarks print, each over resampled items at once.

A measure takes the weights of the items in each resample, and returns one value per resample. A
point estimate is the measure with all weights 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sample:
    """The items that a number counts.

    Attributes:
        marks: what each answer is worth, 0-1; NaN where nobody has judged it.
        gold: the true values of items whose answers are numbers; NaN elsewhere.
        answers: the values answered; NaN where none was.
        gold_labels: the number of each true label.
        answer_labels: the number of each label answered; -1 where none was.
        probabilities: what the model gave its answer, 0-1; NaN where it does not say.
    """

    marks: np.ndarray
    gold: np.ndarray
    answers: np.ndarray
    gold_labels: np.ndarray
    answer_labels: np.ndarray
    probabilities: np.ndarray

    def take(self, rows: np.ndarray) -> "Sample":
        """Return the sample of some of the items."""
        return Sample(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


_BINS = 10

Measure = Callable[[Sample, np.ndarray], np.ndarray]


def percent(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return the mean mark in per cent; items that nobody has judged do not count."""
    return 100 * share(sample, weights)


def share(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return the mean mark; items that nobody has judged do not count."""
    judged = ~np.isnan(sample.marks)
    marks = np.where(judged, sample.marks, 0.0)
    return _ratio(weights @ marks, weights @ judged.astype(float))


def pearson(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation (PLCC) of the values answered with the true ones."""
    counted = ~np.isnan(sample.answers) & ~np.isnan(sample.gold)
    return _correlation(sample.gold[counted], sample.answers[counted], weights[:, counted])


def spearman(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation (SRCC): Pearson's of the ranks, equal values sharing a rank."""
    counted = ~np.isnan(sample.answers) & ~np.isnan(sample.gold)
    used = weights[:, counted]
    gold, answers = _ranks(sample.gold[counted], used), _ranks(sample.answers[counted], used)
    return _weighted_correlation(gold, answers, used)


def concordance(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return Lin's concordance correlation coefficient (1989)."""
    counted = ~np.isnan(sample.answers) & ~np.isnan(sample.gold)
    x, y, used = sample.gold[counted], sample.answers[counted], weights[:, counted]
    total = used.sum(axis=1)
    mean_x, mean_y = _ratio(used @ x, total), _ratio(used @ y, total)
    both = _ratio(used @ (x * y), total) - mean_x * mean_y
    spread_x = _ratio(used @ (x * x), total) - mean_x**2
    spread_y = _ratio(used @ (y * y), total) - mean_y**2
    return _ratio(2 * both, spread_x + spread_y + (mean_x - mean_y) ** 2)


def mean_absolute_error(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return the mean absolute difference of the values answered from the true ones."""
    counted = ~np.isnan(sample.answers) & ~np.isnan(sample.gold)
    errors = np.abs(sample.answers[counted] - sample.gold[counted])
    return _ratio(weights[:, counted] @ errors, weights[:, counted].sum(axis=1))


def macro_f1(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return the mean F1 in per cent over the labels of truth and answers; no answer is a miss."""
    hits, true, named = _label_sums(sample, weights)
    return _mean_of_labels(2 * hits, true + named, true + named)


def macro_precision(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return the mean precision in per cent over the labels of truth and answers."""
    hits, true, named = _label_sums(sample, weights)
    return _mean_of_labels(hits, named, true + named)


def macro_recall(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return the mean recall in per cent over the labels of truth and answers."""
    hits, true, named = _label_sums(sample, weights)
    return _mean_of_labels(hits, true, true + named)


def calibration_error(sample: Sample, weights: np.ndarray) -> np.ndarray:
    """Return the expected calibration error in ten bins of equal width (Naeini et al. 2015).

    Within a bin, the mean probability is compared with the mean mark; items without a probability
    do not count.
    """
    counted = ~np.isnan(sample.probabilities) & ~np.isnan(sample.marks)
    probabilities, used = sample.probabilities[counted], weights[:, counted]
    gaps = sample.marks[counted] - probabilities
    bins = np.clip((probabilities * _BINS).astype(np.int64), 0, _BINS - 1)
    sums = np.stack([used[:, bins == one] @ gaps[bins == one] for one in range(_BINS)])
    return _ratio(np.abs(sums).sum(axis=0), used.sum(axis=1))


MEASURES: Mapping[str, Measure] = {
    "percent": percent,
    "share": share,
    "pearson": pearson,
    "spearman": spearman,
    "concordance": concordance,
    "mean_absolute_error": mean_absolute_error,
    "macro_f1": macro_f1,
    "macro_precision": macro_precision,
    "macro_recall": macro_recall,
    "calibration_error": calibration_error,
}
# The unit of each measure.
UNITS: Mapping[str, str] = {
    "percent": "percent",
    "macro_f1": "percent",
    "macro_precision": "percent",
    "macro_recall": "percent",
    "share": "share",
    "calibration_error": "share",
    "pearson": "correlation",
    "spearman": "correlation",
    "concordance": "correlation",
    "mean_absolute_error": "difference",
}


def _label_sums(sample: Sample, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return resamples x labels: right answers, true labels and answers of each label."""
    counted = sample.gold_labels >= 0
    gold, answers = sample.gold_labels[counted], sample.answer_labels[counted]
    used = weights[:, counted]
    labels = np.union1d(gold, answers[answers >= 0])
    is_true, is_named = gold[:, None] == labels, answers[:, None] == labels
    hits, true, named = (
        used @ part.astype(float) for part in (is_true & is_named, is_true, is_named)
    )
    return hits, true, named


def _mean_of_labels(upper: np.ndarray, lower: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the mean share in per cent; a label that a resample never draws counts for nothing."""
    shares = np.where(lower > 0, upper / np.maximum(lower, 1), 0.0)
    known = drawn > 0
    return 100 * _ratio((shares * known).sum(axis=1), known.sum(axis=1).astype(float))


def _ratio(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    return np.divide(upper, lower, out=np.full(np.shape(upper), np.nan), where=lower > 0)


def _correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    # Centred first: sums of squares of values far from zero would lose digits.
    x, y = x - (x.mean() if len(x) else 0), y - (y.mean() if len(y) else 0)
    total = weights.sum(axis=1)
    mean_x, mean_y = _ratio(weights @ x, total), _ratio(weights @ y, total)
    both = _ratio(weights @ (x * y), total) - mean_x * mean_y
    spread_x = _ratio(weights @ (x * x), total) - mean_x**2
    spread_y = _ratio(weights @ (y * y), total) - mean_y**2
    return _ratio(both, np.sqrt(np.clip(spread_x, 0, None) * np.clip(spread_y, 0, None)))


def _weighted_correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = weights.sum(axis=1)
    centred_x = x - _ratio((weights * x).sum(axis=1), total)[:, None]
    centred_y = y - _ratio((weights * y).sum(axis=1), total)[:, None]
    both = (weights * centred_x * centred_y).sum(axis=1)
    spreads = (weights * centred_x**2).sum(axis=1) * (weights * centred_y**2).sum(axis=1)
    return _ratio(both, np.sqrt(spreads))


def _ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean rank of each item within each resample, resamples x items."""
    distinct, places = np.unique(values, return_inverse=True)
    if not len(distinct):
        return np.zeros(weights.shape)
    order = np.argsort(places, kind="stable")
    starts = np.searchsorted(places[order], np.arange(len(distinct)))
    sums = np.add.reduceat(weights[:, order], starts, axis=1)
    middles = np.cumsum(sums, axis=1) - sums / 2 + 0.5
    return middles[:, places]
