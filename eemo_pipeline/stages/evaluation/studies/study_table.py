"""Table studies: the scores of each arm with intervals, and its difference from a reference arm.

The rows of one seed have its own interval. The row of all seeds pools their answers. An image that
several seeds test lies in one cluster, so the bootstrap over clusters counts it once. The
difference of the first number is tested by the paired bootstrap over all seeds, adjusted by Holm's
step-down over the arms of the study.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
_RESAMPLES = 1000
_DIGITS = 6

Number = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Study:
    """What the rows of a study have in common.

    Attributes:
        name: as in the table.
        reference: the arm that an arm is compared with, given the arm and what is tested.
        numbers: what is measured.
    """

    name: str
    reference: Callable[[str, str], str | None]
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
class _Arm:
    """An arm's answers as sums per cluster.

    Attributes:
        sums: clusters x (3 x labels): right answers, true labels, answers of each label.
        labels: the number of labels.
        items: answers.
        train_count: the most images that it was fitted on.
    """

    sums: np.ndarray
    labels: int
    items: int
    train_count: int

    def values(self, weights: np.ndarray, number: str) -> np.ndarray:
        """Return the number, in per cent, for each row of resamples x clusters."""
        drawn = weights @ self.sums
        right, true, answered = (
            drawn[:, part * self.labels : (part + 1) * self.labels] for part in range(3)
        )
        return 100 * NUMBERS[number](right, true, answered)


def _score(study: Study, seed: str, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    units = np.unique(np.concatenate([trial.units for trial in trials]))
    labels = np.unique(np.concatenate([part for t in trials for part in (t.truth, t.answers)]))
    arms = {
        arm: _sum_up([trial for trial in trials if trial.arm == arm], units, labels)
        for arm in dict.fromkeys(trial.arm for trial in trials)
    }
    tested_on = trials[0].tested_on
    name = f"study {study.name} {tested_on} {seed}"
    once = np.ones((1, len(units)))
    parts: dict[tuple[str, str], list[np.ndarray]] = {
        (arm, number): [] for arm in arms for number in study.numbers
    }
    # A large lake has too many clusters for all resamples at once.
    for weights in draw_clusters(len(units), name, _RESAMPLES):
        for (arm, number), values in parts.items():
            values.append(arms[arm].values(weights, number))
    drawn = {
        (arm, number): (float(arms[arm].values(once, number)[0]), np.concatenate(values))
        for (arm, number), values in parts.items()
    }
    return [
        {
            "study": study.name,
            "tested_on": tested_on,
            "study_arm": arm,
            "study_seed": seed,
            "number": number,
            "status": "ok",
            "score_unit": "percent",
            "score_value": value,
            **_bounds("score", values),
            "counted_items": arms[arm].items,
            "counted_clusters": int((arms[arm].sums.sum(axis=1) > 0).sum()),
            "train_count": arms[arm].train_count,
            **_compare(study, seed, tested_on, arm, number, drawn),
            **(published_of(study.name, arm, tested_on, number) if seed == ALL_SEEDS else {}),
        }
        for (arm, number), (value, values) in drawn.items()
    ]


def _compare(
    study: Study,
    seed: str,
    tested_on: str,
    arm: str,
    number: str,
    drawn: Mapping[tuple[str, str], tuple[float, np.ndarray]],
) -> dict[str, Any]:
    reference = study.reference(arm, tested_on)
    nothing: dict[str, Any] = {"test_p_value": None, "test_p_adjusted": None}
    if reference is None or reference == arm or (reference, number) not in drawn:
        return nothing
    (value, values), (other, others) = drawn[arm, number], drawn[reference, number]
    differences = (values - others).round(9)  # equal answers differ by exactly 0
    is_tested = seed == ALL_SEEDS and number == study.numbers[0]
    return nothing | {
        "reference_arm": reference,
        "arm_difference": value - other,
        **_bounds("arm_difference", differences),
        "test_p_value": two_sided_p(differences) if is_tested else None,
    }


def _bounds(name: str, values: np.ndarray) -> dict[str, float | None]:
    lower, upper = bounds_95(values)
    return {f"{name}_lower": lower, f"{name}_upper": upper}


def _sum_up(trials: Sequence[Trial], units: np.ndarray, labels: np.ndarray) -> _Arm:
    sums = np.zeros((len(units), 3 * len(labels)))
    for trial in trials:
        rows = np.searchsorted(units, trial.units)
        true, answered = (np.searchsorted(labels, part) for part in (trial.truth, trial.answers))
        np.add.at(sums, (rows, true), (true == answered).astype(float))
        np.add.at(sums, (rows, len(labels) + true), 1.0)
        np.add.at(sums, (rows, 2 * len(labels) + answered), 1.0)
    items = sum(len(trial.truth) for trial in trials)
    return _Arm(sums, len(labels), items, max(trial.train_count for trial in trials))


def _missing_row(study: Study, missing: Missing) -> dict[str, Any]:
    published = published_of(study.name, missing.arm, ALL_SOURCES, study.numbers[0])
    return {
        "study": study.name,
        "tested_on": ALL_SOURCES,
        "study_arm": missing.arm,
        "study_seed": ALL_SEEDS,
        "number": study.numbers[0],
        "status": "missing",
        "reason": missing.reason,
        "test_p_value": None,
        "test_p_adjusted": None,
        **published,
        "score_note": missing.told or published.get("score_note"),
    }


def _accuracy(right: np.ndarray, true: np.ndarray, answered: np.ndarray) -> np.ndarray:  # noqa: ARG001
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
