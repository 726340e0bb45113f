"""Table scores: the numbers of a benchmark for one model, with intervals and published values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Number
from eemo_pipeline.stages.evaluation.measures import MEASURES, UNITS, Sample
from eemo_pipeline.stats.cluster_bootstrap import bounds_95, draw_clusters

RESAMPLES = 1000
GIVEN, TOLERANT, STRICT = "given", "tolerant", "strict"
# Who marked -> the columns of predictions: the mark and the answer.
READINGS: Mapping[str, tuple[str, str]] = {
    GIVEN: ("given_mark", "parsed_answer"),
    TOLERANT: ("tolerant_mark", "parsed_answer"),
    STRICT: ("strict_mark", "strict_answer"),
}
_Key = tuple[str, str]


@dataclass(frozen=True)
class Score:
    """One number of a benchmark.

    Attributes:
        section: the task.
        name: the column of the owners' table.
        marking: who marked: given (the file or a judge), or our tolerant or strict reading.
        unit: percent, share, correlation or difference.
        value: unrounded; None where no item counts.
        printed: rounded half up as the owners print it.
        lower: lower end of the 95 % interval.
        upper: upper end of it.
        counted: the number of items that count.
        covered: the share of them with an answer that could be read, or a mark that was given.
    """

    section: str
    name: str
    marking: str
    unit: str
    value: float | None
    printed: Decimal | None
    lower: float | None
    upper: float | None
    counted: int
    covered: float | None


def score(
    benchmark: Benchmark, predictions: pl.DataFrame, resamples: int = RESAMPLES
) -> list[Score]:
    """Return every number of the benchmark under every marking that the predictions have.

    All numbers share their resamples, so that the interval of a mean of numbers is right.

    Args:
        benchmark: says which numbers.
        predictions: rows of one model, as `predictions.py` makes them.
        resamples: of clusters, for the intervals.
    """
    found: list[Score] = []
    for marking, columns in READINGS.items():
        if predictions[columns[0]].null_count() == predictions.height:
            continue
        found += _Marking(benchmark, predictions, marking, resamples).scores()
    return found


def round_half_up(value: Decimal, digits: int) -> Decimal:
    """Return the number with some decimals, halves away from zero, as the papers print them."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class _Marking:
    """The numbers of one benchmark, one model and one marking."""

    benchmark: Benchmark
    predictions: pl.DataFrame
    marking: str
    resamples: int

    def scores(self) -> list[Score]:
        exact: dict[_Key, Decimal | None] = {}
        printed: dict[_Key, Decimal | None] = {}
        drawn = self._resampled
        found: list[Score] = []
        for number in self.benchmark.numbers:
            key = (number.section, number.name)
            if number.of:
                # The owners take the mean of what they print.
                value = _mean([printed.get(part) for part in number.of], number.weights)
            else:
                value = self._point(number)
            exact[key] = value
            printed[key] = None if value is None else round_half_up(value, number.digits)
            if value is None:
                continue
            rows = self._rows_of(number)
            lower, upper = bounds_95(drawn[key])
            found.append(
                Score(
                    number.section,
                    number.name,
                    self.marking,
                    UNITS[number.measure],
                    float(value),
                    printed[key],
                    lower,
                    upper,
                    rows.size,
                    self._coverage(rows),
                )
            )
        return found

    def _point(self, number: Number) -> Decimal | None:
        rows = self._rows_of(number)
        marks = self._sample.marks[rows]
        judged = marks[~np.isnan(marks)]
        if number.measure in ("percent", "share"):
            if not len(judged):
                return None
            # Marks are multiples of a tenth or of 0.01: their sum is exact in decimals, so that a
            # half is rounded as a half.
            scale = 100 if number.measure == "percent" else 1
            return Decimal(f"{math.fsum(judged):.9f}") * scale / len(judged)
        value = MEASURES[number.measure](_take(self._sample, rows), np.ones((1, rows.size)))[0]
        return None if math.isnan(value) else Decimal(repr(float(value)))

    @cached_property
    def _resampled(self) -> dict[_Key, np.ndarray]:
        """The values of each number in each resample."""
        units, codes = np.unique(self.predictions["resampling_unit"], return_inverse=True)
        base = [number for number in self.benchmark.numbers if not number.of]
        rows = {(number.section, number.name): self._rows_of(number) for number in base}
        values: dict[_Key, list[np.ndarray]] = {key: [] for key in rows}
        seed = f"evaluation {self.benchmark.name}"
        sums = {key: self._cluster_sums(taken, codes, len(units)) for key, taken in rows.items()}
        for weights in draw_clusters(len(units), seed, self.resamples):
            for number in base:
                key = (number.section, number.name)
                if number.measure in ("percent", "share"):
                    upper, lower = (weights @ sums[key]).T
                    scale = 100 if number.measure == "percent" else 1
                    part = np.divide(
                        scale * upper, lower, out=np.full(len(upper), np.nan), where=lower > 0
                    )
                else:
                    sample = _take(self._sample, rows[key])
                    part = MEASURES[number.measure](sample, weights[:, codes[rows[key]]])
                values[key].append(part)
        drawn = {key: np.concatenate(parts) for key, parts in values.items() if parts}
        for number in self.benchmark.numbers:
            known = [drawn[part] for part in number.of if part in drawn]
            if number.of and len(known) == len(number.of):
                drawn[number.section, number.name] = np.average(
                    np.stack(known), axis=0, weights=number.weights or None
                )
        return drawn

    def _cluster_sums(self, rows: np.ndarray, codes: np.ndarray, units: int) -> np.ndarray:
        marks = self._sample.marks[rows]
        judged = ~np.isnan(marks)
        return np.stack(
            [
                np.bincount(codes[rows][judged], marks[judged], units),
                np.bincount(codes[rows][judged], minlength=units).astype(float),
            ],
            axis=1,
        )

    def _rows_of(self, number: Number) -> np.ndarray:
        """Return the places of the items that a number, or the numbers of a mean, counts."""
        if number.of:
            parts = [
                self._rows_of(part)
                for part in self.benchmark.numbers
                if (part.section, part.name) in number.of
            ]
            return np.unique(np.concatenate(parts)) if parts else np.array([], dtype=np.int64)
        subset, is_counted = self._masks
        taken = subset[0] == number.section
        if number.subsets:
            taken &= np.isin(subset[1], number.subsets)
        return np.flatnonzero(taken & (is_counted | number.takes_invalid))

    @cached_property
    def _masks(self) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        section, subset = (self.predictions[name].to_numpy() for name in ("section", "subset"))
        return (section, subset), self.predictions["is_counted"].to_numpy()

    def _coverage(self, rows: np.ndarray) -> float | None:
        if not rows.size:
            return None
        mark, answer = READINGS[self.marking]
        known = self.predictions[mark if self.marking == GIVEN else answer].is_not_null()
        return float(known.to_numpy()[rows].mean())

    @cached_property
    def _sample(self) -> Sample:
        return sample_of(self.predictions, *READINGS[self.marking])


def sample_of(predictions: pl.DataFrame, mark: str, answer: str) -> Sample:
    """Return the marks, values and labels of predictions as arrays, one place per row."""
    labels = pl.concat([predictions["gold_answer"], predictions[answer]]).unique().drop_nulls()
    number = {label: place for place, label in enumerate(labels.sort())}
    return Sample(
        predictions[mark].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        _values(predictions["gold_answer"]),
        _values(predictions[answer]),
        np.array([number.get(label, -1) for label in predictions["gold_answer"]], dtype=np.int64),
        np.array([number.get(label, -1) for label in predictions[answer]], dtype=np.int64),
    )


def _values(texts: pl.Series) -> np.ndarray:
    return texts.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()


def _take(sample: Sample, rows: np.ndarray) -> Sample:
    return Sample(
        sample.marks[rows],
        sample.gold[rows],
        sample.answers[rows],
        sample.gold_labels[rows],
        sample.answer_labels[rows],
    )


def _mean(values: Sequence[Decimal | None], weights: Sequence[int]) -> Decimal | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return None
    shares = weights or [1] * len(known)
    total = sum(value * share for value, share in zip(known, shares, strict=True))
    return total / Decimal(sum(shares))
