"""Table scores: the numbers of a benchmark for one model, with intervals and published values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Number
from eemo_pipeline.stages.evaluation.measures import MEASURES, UNITS, Sample
from eemo_pipeline.stages.evaluation.text_measures import TEXT_MEASURES, Sums, TextMeasure
from eemo_pipeline.stages.evaluation.text_measures import UNITS as TEXT_UNITS
from eemo_pipeline.stats.cluster_bootstrap import bounds_95, draw_clusters
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.stats.text_overlap import MissingMeasure

RESAMPLES = 1000
GIVEN, TOLERANT, STRICT = "given", "tolerant", "strict"
# Who marked -> the columns of predictions: the mark and the answer.
READINGS: Mapping[str, tuple[str, str]] = {
    GIVEN: ("given_mark", "parsed_answer"),
    TOLERANT: ("tolerant_mark", "parsed_answer"),
    STRICT: ("strict_mark", "strict_answer"),
}
UNITS_OF_ALL: Mapping[str, str] = {**UNITS, **TEXT_UNITS}
ALL = ""
MIXED = "mixed"
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Score:
    """One number of a benchmark.

    Attributes:
        section: the task.
        name: the column of the owners' table.
        aspect: the group of items that it is about; "" for all of them.
        marking: who marked: given (the file or a judge), or our tolerant or strict reading.
        unit: percent, share, correlation, difference, points, words or bits.
        value: unrounded; None where no item counts.
        printed: rounded half up as the owners print it.
        lower: lower end of the 95 % interval.
        upper: upper end of it.
        counted: the number of items that count.
        item_set: a hash of their ids.
        covered: the share of them with an answer that could be read, or a mark that was given.
        protocol: how their answers were obtained: text, probability, or mixed.
        signature: variant and versions of a measure of texts, or why it has no value here.
    """

    section: str
    name: str
    aspect: str
    marking: str
    unit: str
    value: float | None
    printed: Decimal | None
    lower: float | None
    upper: float | None
    counted: int
    item_set: str
    covered: float | None
    protocol: str
    signature: str | None = None


def score(
    benchmark: Benchmark,
    predictions: pl.DataFrame,
    resamples: int = RESAMPLES,
    text_measures: Mapping[str, TextMeasure] = TEXT_MEASURES,
) -> list[Score]:
    """Return every number of the benchmark under every marking that the predictions have.

    All numbers share their resamples, so that the interval of a mean of numbers is right.

    Args:
        benchmark: says which numbers.
        predictions: rows of one model, as `predictions.py` makes them.
        resamples: of clusters, for the intervals.
        text_measures: those of texts by name.
    """
    units, codes = np.unique(predictions["resampling_unit"], return_inverse=True)
    markings = [
        _Marking(benchmark, predictions, marking, codes, len(units), text_measures)
        for marking, (mark, _) in READINGS.items()
        if predictions[mark].null_count() < predictions.height
        or (marking == TOLERANT and any(one.measure in TEXT_MEASURES for one in benchmark.numbers))
    ]
    for weights in draw_clusters(len(units), f"evaluation {benchmark.name}", resamples):
        for marking in markings:
            marking.resample(weights)
    return [found for marking in markings for found in marking.scores()]


def round_half_up(value: Decimal, digits: int) -> Decimal:
    """Return the number with some decimals, halves away from zero, as the papers print them."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class _Cell:
    """A number, over all of its items or those of one aspect."""

    number: Number
    aspect: str

    @property
    def key(self) -> _Key:
        return self.number.section, self.number.name, self.aspect


@dataclass(frozen=True)
class _Marking:
    """The numbers of one benchmark, one model and one marking."""

    benchmark: Benchmark
    predictions: pl.DataFrame
    marking: str
    codes: np.ndarray
    units: int
    text_measures: Mapping[str, TextMeasure]
    drawn: dict[_Key, list[np.ndarray]] = field(default_factory=dict)

    def scores(self) -> list[Score]:
        """Return the scores that have a value: of whole numbers first, then of aspects."""
        printed: dict[_Key, Decimal | None] = {}
        found: list[Score] = []
        for cell in self._cells:
            number = cell.number
            if number.of:
                # The owners take the mean of what they print.
                parts = [printed.get((*part, "")) for part in number.of]
                value = _mean(parts, number.weights)
            else:
                value = self._point(cell)
            printed[cell.key] = None if value is None else round_half_up(value, number.digits)
            rows = self._rows_of(cell)
            if rows.size and cell.key in self._missing:
                found.append(self._unmeasured(cell, rows))
            if value is None:
                continue
            texts = self._texts.get(cell.key)
            found.append(
                Score(
                    number.section,
                    number.name,
                    cell.aspect,
                    self.marking,
                    UNITS_OF_ALL[number.measure],
                    float(value),
                    printed[cell.key],
                    *bounds_95(self._resampled[cell.key]),
                    rows.size,
                    self._item_set(rows),
                    self._coverage(rows),
                    self._protocol(rows),
                    texts.signature if texts else None,
                )
            )
        return found

    def _unmeasured(self, cell: _Cell, rows: np.ndarray) -> Score:
        """Return the score of a number that cannot be measured here; its signature says why."""
        number = cell.number
        return Score(
            number.section,
            number.name,
            cell.aspect,
            self.marking,
            UNITS_OF_ALL[number.measure],
            *(None, None, None, None),
            counted=rows.size,
            item_set=self._item_set(rows),
            covered=self._coverage(rows),
            protocol=self._protocol(rows),
            signature=self._missing[cell.key],
        )

    @cached_property
    def _measured(self) -> tuple[dict[_Key, Sums], dict[_Key, str]]:
        """The sums of the measures of texts, and why others are missing."""
        sums: dict[_Key, Sums] = {}
        missing: dict[_Key, str] = {}
        told = self.predictions["parsed_answer"].fill_null("").to_list()
        gold = self.predictions["gold_answer"].to_list()
        for cell in self._cells:
            rows = self._rows_of(cell) if cell.number.measure in TEXT_MEASURES else np.array([])
            if not rows.size:
                continue
            try:
                sums[cell.key] = self.text_measures[cell.number.measure](
                    [told[row] for row in rows], [gold[row] for row in rows]
                )
            except MissingMeasure as error:
                missing[cell.key] = str(error)
        return sums, missing

    @property
    def _texts(self) -> dict[_Key, Sums]:
        return self._measured[0]

    @property
    def _missing(self) -> dict[_Key, str]:
        return self._measured[1]

    @cached_property
    def _cells(self) -> list[_Cell]:
        numbers = [
            number
            for number in self.benchmark.numbers
            # A text is measured as it is, whoever marked it.
            if self.marking == TOLERANT or number.measure not in TEXT_MEASURES
        ]
        whole = [_Cell(number, ALL) for number in numbers]
        aspects = (
            self.predictions.select("section", "item_group").unique().sort("section", "item_group")
        )
        return whole + [
            _Cell(number, aspect)
            for section, aspect in aspects.iter_rows()
            for number in numbers
            if aspect and number.section == section and not number.of
        ]

    def _point(self, cell: _Cell) -> Decimal | None:
        rows = self._rows_of(cell)
        if cell.number.measure in TEXT_MEASURES:
            texts = self._texts.get(cell.key)
            value = texts.finish(texts.columns.sum(axis=0)[None])[0] if texts else math.nan
            return None if math.isnan(value) else Decimal(repr(float(value)))
        sample = self._sample.take(rows)
        if cell.number.measure in ("percent", "share"):
            judged = sample.marks[~np.isnan(sample.marks)]
            if not len(judged):
                return None
            # Marks have at most four decimals: their sum is exact in decimals, so that a half is
            # rounded as a half.
            scale = 100 if cell.number.measure == "percent" else 1
            return Decimal(f"{math.fsum(judged):.9f}") * scale / len(judged)
        if not rows.size:
            return None
        value = MEASURES[cell.number.measure](sample, np.ones((1, rows.size)))[0]
        return None if math.isnan(value) else Decimal(repr(float(value)))

    def resample(self, weights: np.ndarray) -> None:
        """Add the values of each number in some resamples.

        Args:
            weights: resamples x clusters, how often each cluster is drawn.
        """
        for cell in self._cells:
            if cell.number.of:
                continue
            rows, sample, sums = self._parts[cell.key]
            measure = cell.number.measure
            if measure in TEXT_MEASURES:
                texts = self._texts.get(cell.key)
                part = (
                    texts.finish(weights[:, self.codes[rows]] @ texts.columns)
                    if texts
                    else np.full(len(weights), np.nan)
                )
            elif measure in ("percent", "share"):
                # A mean needs the sums of its clusters alone.
                upper, lower = (weights @ sums).T
                part = np.full(len(upper), np.nan)
                np.divide(upper, lower, out=part, where=lower > 0)
                part = 100 * part if measure == "percent" else part
            else:
                part = MEASURES[measure](sample, weights[:, self.codes[rows]])
            self.drawn.setdefault(cell.key, []).append(part)

    @cached_property
    def _parts(self) -> dict[_Key, tuple[np.ndarray, Sample, np.ndarray]]:
        """The places, the sample and the sums of clusters of each number that is no mean."""
        found: dict[_Key, tuple[np.ndarray, Sample, np.ndarray]] = {}
        for cell in self._cells:
            if not cell.number.of:
                rows = self._rows_of(cell)
                found[cell.key] = rows, self._sample.take(rows), self._cluster_sums(rows)
        return found

    @cached_property
    def _resampled(self) -> dict[_Key, np.ndarray]:
        """The values of each number in each resample."""
        drawn = {key: np.concatenate(parts) for key, parts in self.drawn.items()}
        for cell in self._cells:
            known = [drawn[(*part, "")] for part in cell.number.of if (*part, "") in drawn]
            if cell.number.of and len(known) == len(cell.number.of):
                weighting = cell.number.weights or None
                drawn[cell.key] = np.average(np.stack(known), axis=0, weights=weighting)
        return drawn

    def _cluster_sums(self, rows: np.ndarray) -> np.ndarray:
        marks = self._sample.marks[rows]
        judged = ~np.isnan(marks)
        places = self.codes[rows][judged]
        counts = np.bincount(places, minlength=self.units).astype(float)
        return np.stack([np.bincount(places, marks[judged], self.units), counts], axis=1)

    def _rows_of(self, cell: _Cell) -> np.ndarray:
        """Return the places of the items that a number, or the numbers of a mean, counts."""
        number = cell.number
        if number.of:
            parts = [
                self._rows_of(part)
                for part in self._cells
                if not part.aspect and (part.number.section, part.number.name) in number.of
            ]
            return np.unique(np.concatenate(parts))
        section, subset, aspect, is_counted = self._columns
        taken = (section == number.section) & (is_counted | number.takes_invalid)
        if number.subsets:
            taken &= np.isin(subset, number.subsets)
        if cell.aspect:
            taken &= aspect == cell.aspect
        return np.flatnonzero(taken)

    @cached_property
    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        section, subset, aspect = (
            self.predictions[name].to_numpy().astype(str)
            for name in ("section", "subset", "item_group")
        )
        return section, subset, aspect, self.predictions["is_scored"].to_numpy()

    def _coverage(self, rows: np.ndarray) -> float | None:
        if not rows.size:
            return None
        mark, answer = READINGS[self.marking]
        known = self.predictions[mark if self.marking == GIVEN else answer].is_not_null()
        return float(known.to_numpy()[rows].mean())

    def _item_set(self, rows: np.ndarray) -> str:
        return short_hash(*sorted(self.predictions["benchmark_item"][rows.tolist()]))

    def _protocol(self, rows: np.ndarray) -> str:
        found = self.predictions["protocol"][rows.tolist()].unique().to_list()
        return str(found[0]) if len(found) == 1 else MIXED

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
        predictions["answer_probability"].fill_null(float("nan")).to_numpy(),
    )


def _values(texts: pl.Series) -> np.ndarray:
    return texts.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()


def _mean(values: Sequence[Decimal | None], weights: Sequence[int]) -> Decimal | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return None
    shares = weights or [1] * len(known)
    total = sum(value * share for value, share in zip(known, shares, strict=True))
    return total / Decimal(sum(shares))
