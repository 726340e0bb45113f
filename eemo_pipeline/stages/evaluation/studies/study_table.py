"""Table studies: the scores of each arm with intervals, and its difference from a reference arm.

Answers are labels or values. A number of either is a function of sums over clusters, and so is a
correlation: of the counts, values, squares and products.

The rows of one seed have its own interval. The row of all seeds pools their answers. An image that
several seeds test lies in one cluster, so the bootstrap over clusters counts it once. The
difference of the first number is tested by the paired bootstrap over all seeds, adjusted by Holm's
step-down over the arms of the study.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.evaluation.studies.published_studies import published_of
from eemo_pipeline.stages.evaluation.studies.trials import ALL_SOURCES, Missing, Trial
from eemo_pipeline.stats.cluster_bootstrap import bounds_95, draw_clusters, two_sided_p
from eemo_pipeline.stats.intervals import holm

TABLE = TABLES["evaluation__studies"]
ALL_SEEDS = "all"
ACCURACY, MACRO_F1 = "Accuracy", "Macro F1"
MACRO_PRECISION, MACRO_RECALL = "Macro precision", "Macro recall"
VALENCE_PLCC, AROUSAL_PLCC = "Valence PLCC", "Arousal PLCC"
_RESAMPLES = 1000
_DIGITS = 6
_CONSTANT = 1e-12  # variances of truth and answers, multiplied; below this they do not vary

# Resamples x labels: right answers, true labels, answers of each label.
Number = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Study:
    """What the rows of a study have in common.

    Attributes:
        name: as in the table.
        reference: the arm that an arm is compared with, given a trial of the arm.
        numbers: what is measured of labels; the first one is tested.
    """

    name: str
    reference: Callable[[Trial], str | None]
    numbers: tuple[str, ...] = (ACCURACY, MACRO_F1)


def tabulate_study(
    study: Study, trials: Sequence[Trial], missing: Sequence[Missing] = ()
) -> pl.DataFrame:
    """Return rows of `evaluation__studies`, sorted by key.

    Args:
        study: which.
        trials: of its arms; the arms of one seed and test set answer about the same images.
        missing: arms that could not be tried: a row each, without a score.
    """
    rows = [_missing_row(study, one) for one in missing]
    for tested_on in dict.fromkeys(trial.tested_on for trial in trials):
        tested = [trial for trial in trials if trial.tested_on == tested_on]
        for seed in sorted({trial.seed for trial in tested}):
            rows += _score(study, str(seed), [trial for trial in tested if trial.seed == seed])
        rows += _score(study, ALL_SEEDS, tested)
    compared = [row for row in rows if row["test_p_value"] is not None]
    for row, p in zip(compared, holm([row["test_p_value"] for row in compared]), strict=True):
        row["test_p_adjusted"] = p
    # The last bits of a sum depend on the processor.
    return (
        pl.DataFrame(rows, schema=TABLE.polars_schema)
        .with_columns(
            (pl.col("^(score|arm_difference)_?(value|lower|upper)?$").round(_DIGITS) + 0.0),
            pl.col("^test_p_.*$").round_sig_figs(_DIGITS),
        )
        .sort(TABLE.key)
    )


def join_studies(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the rows of all studies, sorted by key."""
    return pl.concat([TABLE.empty(), *tables]).sort(TABLE.key)


@dataclass(frozen=True)
class _Measured:
    """A number of an arm.

    Attributes:
        trials: the arm's, of one kind.
        sums: clusters x sums.
        finish: the number, for each row of sums.
        unit: of the number.
    """

    trials: Sequence[Trial]
    sums: np.ndarray
    finish: Callable[[np.ndarray], np.ndarray]
    unit: str = "percent"

    def values(self, weights: np.ndarray) -> np.ndarray:
        """Return the number for each row of resamples x clusters."""
        return self.finish(weights @ self.sums)


def _score(study: Study, seed: str, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    units = np.unique(np.concatenate([trial.units for trial in trials]))
    measured = _measure(study, trials, units)
    tested_on = trials[0].tested_on
    name = f"study {study.name} {tested_on} {seed}"
    once = np.ones((1, len(units)))
    parts: dict[tuple[str, str], list[np.ndarray]] = {key: [] for key in measured}
    # A large lake has too many clusters for all resamples at once.
    for weights in draw_clusters(len(units), name, _RESAMPLES):
        for key, values in parts.items():
            values.append(measured[key].values(weights))
    drawn = {
        key: (float(measured[key].values(once)[0]), np.concatenate(values))
        for key, values in parts.items()
    }
    return [
        {
            "study": study.name,
            "tested_on": tested_on,
            "study_arm": arm,
            "study_seed": seed,
            "number": number,
            "status": "missing" if (is_undefined := np.isnan(drawn[arm, number][0])) else "ok",
            "reason": "undefined" if is_undefined else None,
            "score_unit": one.unit,
            "score_value": None if is_undefined else drawn[arm, number][0],
            **_bounds("score", drawn[arm, number][1]),
            "counted_items": sum(len(trial.truth) for trial in one.trials),
            "counted_clusters": len(np.unique(np.concatenate([t.units for t in one.trials]))),
            "train_count": max(trial.train_count for trial in one.trials),
            **_compare(study, seed, one.trials[0], number, len(units), drawn),
            **(published_of(study.name, arm, tested_on, number) if seed == ALL_SEEDS else {}),
        }
        for (arm, number), one in measured.items()
    ]


def _measure(
    study: Study, trials: Sequence[Trial], units: np.ndarray
) -> dict[tuple[str, str], _Measured]:
    """Return (arm, number) -> the number; trials of values have the one that they name."""
    of_labels = [trial for trial in trials if not trial.number]
    labels = np.unique(
        np.concatenate(
            [np.array([], dtype=str), *(p for t in of_labels for p in (t.truth, t.answers))]
        )
    )
    found: dict[tuple[str, str], _Measured] = {}
    for arm in dict.fromkeys(trial.arm for trial in trials):
        mine = [trial for trial in of_labels if trial.arm == arm]
        sums = _sum_labels(mine, units, labels)
        for number in study.numbers if mine else ():
            finish = partial(_finish_labels, number, len(labels))
            found[arm, number] = _Measured(mine, sums, finish)
        for number in dict.fromkeys(t.number for t in trials if t.arm == arm and t.number):
            mine = [trial for trial in trials if (trial.arm, trial.number) == (arm, number)]
            found[arm, number] = _Measured(mine, _sum_values(mine, units), _pearson, "correlation")
    return found


def _compare(
    study: Study,
    seed: str,
    trial: Trial,
    number: str,
    clusters: int,
    drawn: Mapping[tuple[str, str], tuple[float, np.ndarray]],
) -> dict[str, Any]:
    reference, arm = study.reference(trial), trial.arm
    nothing: dict[str, Any] = {"test_p_value": None, "test_p_adjusted": None}
    if reference is None or reference == arm or (reference, number) not in drawn:
        return nothing
    (value, values), (other, others) = drawn[arm, number], drawn[reference, number]
    if np.isnan(value - other):
        return nothing
    differences = (values - others).round(9)  # equal answers differ by exactly 0
    is_tested = seed == ALL_SEEDS and number == study.numbers[0]
    return nothing | {
        "reference_arm": reference,
        "arm_difference": value - other,
        **_bounds("arm_difference", differences),
        "test_p_value": two_sided_p(differences, clusters) if is_tested else None,
    }


def _bounds(name: str, values: np.ndarray) -> dict[str, float | None]:
    lower, upper = bounds_95(values)
    return {f"{name}_lower": lower, f"{name}_upper": upper}


def _sum_labels(trials: Sequence[Trial], units: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return clusters x (3 x labels): right answers, true labels, answers of each label."""
    sums = np.zeros((len(units), 3 * len(labels)))
    for trial in trials:
        rows = np.searchsorted(units, trial.units)
        true, answered = (np.searchsorted(labels, part) for part in (trial.truth, trial.answers))
        np.add.at(sums, (rows, true), (true == answered).astype(float))
        np.add.at(sums, (rows, len(labels) + true), 1.0)
        np.add.at(sums, (rows, 2 * len(labels) + answered), 1.0)
    return sums


def _finish_labels(number: str, labels: int, sums: np.ndarray) -> np.ndarray:
    right, true, answered = (sums[:, part * labels : (part + 1) * labels] for part in range(3))
    return 100 * NUMBERS[number](right, true, answered)


def _sum_values(trials: Sequence[Trial], units: np.ndarray) -> np.ndarray:
    """Return clusters x 6: count, truth, answers, their squares, and their products."""
    sums = np.zeros((len(units), 6))
    for trial in trials:
        truth, answers = trial.truth, trial.answers
        parts = (np.ones(len(truth)), truth, answers, truth**2, answers**2, truth * answers)
        np.add.at(sums, np.searchsorted(units, trial.units), np.stack(parts, axis=1))
    return sums


def _pearson(sums: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation, from -1 to 1; NaN where truth or answers do not vary."""
    count, truth, answers, truth_2, answers_2, products = sums.T
    spread = (count * truth_2 - truth**2) * (count * answers_2 - answers**2)
    together = count * products - truth * answers
    varies = spread > _CONSTANT * count**4
    found = np.divide(
        together,
        np.sqrt(np.where(varies, spread, 1.0)),
        out=np.full(len(sums), np.nan),
        where=varies,
    )
    return np.clip(found, -1.0, 1.0)


def _missing_row(study: Study, missing: Missing) -> dict[str, Any]:
    number = missing.number or study.numbers[0]
    published = published_of(study.name, missing.arm, ALL_SOURCES, number)
    return {
        "study": study.name,
        "tested_on": ALL_SOURCES,
        "study_arm": missing.arm,
        "study_seed": ALL_SEEDS,
        "number": number,
        "status": "missing",
        "reason": missing.reason,
        "test_p_value": None,
        "test_p_adjusted": None,
        **published,
        "score_note": missing.told or published.get("score_note"),
    }


def _accuracy(right: np.ndarray, true: np.ndarray, _: np.ndarray) -> np.ndarray:
    return _ratio(right.sum(axis=1), true.sum(axis=1))


def _macro_f1(right: np.ndarray, true: np.ndarray, answered: np.ndarray) -> np.ndarray:
    return _mean(2 * right, true + answered, true + answered)


def _macro_precision(right: np.ndarray, true: np.ndarray, answered: np.ndarray) -> np.ndarray:
    return _mean(right, answered, true + answered)


def _macro_recall(right: np.ndarray, true: np.ndarray, answered: np.ndarray) -> np.ndarray:
    return _mean(right, true, true + answered)


def _mean(upper: np.ndarray, lower: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the mean over the labels that occur; one that is never answered or true counts 0."""
    shares = np.where(lower > 0, upper / np.maximum(lower, 1), 0.0)
    occurs = seen > 0
    return _ratio((shares * occurs).sum(axis=1), occurs.sum(axis=1).astype(float))


def _ratio(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    return np.divide(upper, lower, out=np.full(len(upper), np.nan), where=lower > 0)


NUMBERS: Mapping[str, Number] = {
    ACCURACY: _accuracy,
    MACRO_F1: _macro_f1,
    MACRO_PRECISION: _macro_precision,
    MACRO_RECALL: _macro_recall,
}
