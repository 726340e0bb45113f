"""How good the judgements are, while people give them: agreement, offsets, care, time.

The tables of the next run say the same from the votes that stand (`review__agreement`). These
numbers are made from the log at once: an answer that was changed later counts in both forms.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stats.intervals import Z_95, wilson
from eemo_pipeline.stats.rater_statistics import (
    Estimate,
    estimate_alpha,
    find_offsets,
    interval_distances,
    nominal_distances,
)
from eemo_pipeline.web.care import FEWEST_PROBES, MOST_ACCEPTED, find_probes
from eemo_pipeline.web.database import EVENTS, RATERS, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.fields import DRAFTED_FIELDS, EMOTIONS, RATINGS
from eemo_pipeline.web.slots import JUDGED, REPEATS

FEWEST = 30  # images or answers, below which a number says little
FELT = (*EMOTIONS, "neutral", "cannot_tell")
_SCALES = ("valence", "arousal")
_LOWEST = RATINGS[0]


@dataclass(frozen=True)
class RaterQuality:
    """One person's numbers.

    Attributes:
        rater_id: the pseudonym.
        name: the name, for administrators.
        judged: images judged.
        median_s: median seconds from the image to the blind judgement.
        offsets: valence and arousal against the others of the same images, in steps of the scale.
        is_machine: share of blind judgements that name the machine's emotion.
        is_same_again: share of images, judged a second time, with the same emotion.
        accepted: share of drafts accepted.
        wrong_accepted: share of drafts accepted of those that were wrong on purpose.
        accepts_too_much: whether that share is held against the key that accepts the rest.
        gold_mass: mean share that gold distributions give the emotion that was named.
        gold_expected: the same of a person drawn from these distributions.
    """

    rater_id: str
    name: str
    judged: int
    median_s: float | None
    offsets: dict[str, Estimate]
    is_machine: Estimate
    is_same_again: Estimate
    accepted: Estimate
    wrong_accepted: Estimate
    accepts_too_much: bool
    gold_mass: Estimate
    gold_expected: float | None


@dataclass(frozen=True)
class FieldQuality:
    """The answers to the drafts of one field.

    Attributes:
        name: the field.
        accepted: share accepted.
        edited: share corrected.
        refused: share refused, or said to be absent or unknown.
        mean_s: mean seconds of an answer.
    """

    name: str
    accepted: Estimate
    edited: Estimate
    refused: Estimate
    mean_s: float | None


@dataclass(frozen=True)
class Quality:
    """All numbers at one moment.

    Attributes:
        agreement: field -> alpha over images with two judgements or more.
        raters: one per person who judged.
        fields: one per field that was answered.
        confusion: person's emotion x machine's emotion, counts.
        felt: emotion -> judgements that name it, in the order of `FELT`.
        plane: (valence, arousal) -> judgements at that step of the two scales.
        images: images with a judgement.
    """

    agreement: dict[str, Estimate]
    raters: list[RaterQuality]
    fields: list[FieldQuality]
    confusion: list[list[int]] = field(default_factory=list)
    images: int = 0
    felt: list[int] = field(default_factory=list)
    plane: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Blind:
    """The blind judgements as columns, one entry per judgement."""

    items: np.ndarray
    raters: np.ndarray
    emotions: np.ndarray
    ratings: dict[str, np.ndarray]
    seconds: np.ndarray
    machine: np.ndarray
    rater_ids: list[str]
    gold: np.ndarray


def measure(database: ReviewDatabase) -> Quality:
    """Return the numbers of the present log."""
    with database.reading() as connection:
        blind = _read_blind(connection)
        answers = _count_answers(connection)
        names = {row.rater_id: row.name for row in connection.execute(_NAMES)}
        again: dict[str, list[bool]] = {}
        for row in connection.execute(_RETESTS):
            again.setdefault(row.rater_id, []).append(row.emotion == row.again)
        probes = {one: find_probes(connection, one) for one in blind.rater_ids}
    images = int(blind.items.max()) + 1 if len(blind.items) else 0
    felt = _counts(blind.items, blind.emotions, images, len(FELT))
    agreement = {"emotion": estimate_alpha(felt, nominal_distances(len(FELT)), "emotion")}
    for scale in _SCALES:
        counts = _counts(blind.items, blind.ratings[scale], images, len(RATINGS))
        agreement[scale] = estimate_alpha(counts, interval_distances(len(RATINGS)), scale)
    offsets = {
        scale: find_offsets(blind.items, blind.raters, blind.ratings[scale].astype(float))
        for scale in _SCALES
    }
    nothing = Estimate(None, None, None, 0)
    raters = []
    for number, rater_id in enumerate(blind.rater_ids):
        own = blind.raters == number
        known = own & (blind.machine >= 0)
        answered, wrong = probes[rater_id]
        kinds = answers.by_rater.get(rater_id, {})
        seconds = blind.seconds[own & ~np.isnan(blind.seconds)]
        raters.append(
            RaterQuality(
                rater_id,
                names.get(rater_id, ""),
                int(own.sum()),
                float(np.median(seconds)) if len(seconds) else None,
                {scale: offsets[scale].get(number, nothing) for scale in _SCALES},
                _share(
                    int((blind.emotions[known] == blind.machine[known]).sum()), int(known.sum())
                ),
                _share(sum(again.get(rater_id, [])), len(again.get(rater_id, []))),
                _share(kinds.get("field_accept", 0), sum(kinds.values())),
                _share(wrong, answered),
                answered >= FEWEST_PROBES and wrong > MOST_ACCEPTED * answered,
                *_compare_with_gold(blind.gold[own]),
            )
        )
    places = zip(*(blind.ratings[scale] + _LOWEST for scale in _SCALES), strict=True)
    return Quality(
        agreement,
        raters,
        answers.fields,
        _confusion(blind),
        images,
        felt.sum(axis=0).tolist(),
        {(int(v), int(a)): count for (v, a), count in Counter(places).items()},
    )


_NAMES = sa.select(RATERS.c.rater_id, RATERS.c.name)
_BLIND = (
    sa.select(
        EVENTS.c.task_id,
        EVENTS.c.rater_id,
        EVENTS.c.value,
        EVENTS.c.duration_ms,
        TASKS.c.machine_emotion,
        TASKS.c.gold,
    )
    .join(SLOTS, (SLOTS.c.task_id == EVENTS.c.task_id) & (SLOTS.c.rater_id == EVENTS.c.rater_id))
    .join(TASKS, TASKS.c.task_id == EVENTS.c.task_id)
    .where(
        EVENTS.c.kind == "blind_commit",
        SLOTS.c.state.in_(JUDGED),
        TASKS.c.queue != REPEATS,
    )
    .order_by(EVENTS.c.seq)
)
_AGAIN, _AGAIN_TASK = SLOTS.alias("again"), TASKS.alias("again_task")
_RETESTS = (
    sa.select(SLOTS.c.rater_id, SLOTS.c.emotion, _AGAIN.c.emotion.label("again"))
    .join(TASKS, TASKS.c.task_id == SLOTS.c.task_id)
    .join(_AGAIN_TASK, _AGAIN_TASK.c.image_id == TASKS.c.image_id)
    .join(
        _AGAIN,
        (_AGAIN.c.task_id == _AGAIN_TASK.c.task_id) & (_AGAIN.c.rater_id == SLOTS.c.rater_id),
    )
    .where(
        TASKS.c.queue != REPEATS,
        _AGAIN_TASK.c.queue == REPEATS,
        SLOTS.c.state.in_(JUDGED),
        _AGAIN.c.state.in_(JUDGED),
    )
)
_ANSWERS = (
    sa.select(
        EVENTS.c.rater_id,
        EVENTS.c.field,
        EVENTS.c.kind,
        sa.func.count().label("number"),
        sa.func.sum(EVENTS.c.duration_ms).label("spent_ms"),
        sa.func.count(EVENTS.c.duration_ms).label("timed"),
    )
    .join(SLOTS, (SLOTS.c.task_id == EVENTS.c.task_id) & (SLOTS.c.rater_id == EVENTS.c.rater_id))
    .where(
        EVENTS.c.kind.like("field\\_%", escape="\\"),
        SLOTS.c.state != "withdrawn",
    )
    .group_by(EVENTS.c.rater_id, EVENTS.c.field, EVENTS.c.kind)
)


def _read_blind(connection: sa.Connection) -> _Blind:
    tasks: dict[str, int] = {}
    people: dict[str, int] = {}
    places = {name: place for place, name in enumerate(FELT)}
    rows = []
    for row in connection.execute(_BLIND, execution_options={"yield_per": 5_000}):
        said = json.loads(row.value)
        rows.append(
            (
                tasks.setdefault(row.task_id, len(tasks)),
                people.setdefault(row.rater_id, len(people)),
                places[said["emotion"]],
                said["valence"] - _LOWEST,
                said["arousal"] - _LOWEST,
                np.nan if row.duration_ms is None else row.duration_ms / 1000,
                places.get(row.machine_emotion, -1),
                *_gold_of(said["emotion"], row.gold),
            )
        )
    table = np.array(rows, dtype=float).reshape(len(rows), 9)
    whole = table[:, [0, 1, 2, 3, 4, 6]].astype(np.int64)
    ratings: dict[str, np.ndarray] = {"valence": whole[:, 3], "arousal": whole[:, 4]}
    return _Blind(
        *(whole[:, 0], whole[:, 1], whole[:, 2], ratings, table[:, 5], whole[:, 5], list(people)),
        gold=table[:, 7:],
    )


def _gold_of(felt: str, gold: str | None) -> tuple[float, float]:
    """Return the mass of an emotion in a gold distribution, and the mean mass of those drawn.

    What a distribution lacks to 1 is that of neutral and of who cannot tell. NaN without gold.
    """
    if gold is None:
        return np.nan, np.nan
    masses: dict[str, float] = dict(zip(MIKELS_8, json.loads(gold), strict=True))
    rest = max(0.0, 1 - sum(masses.values()))
    return masses.get(felt, rest), sum(mass**2 for mass in (*masses.values(), rest))


def _compare_with_gold(gold: np.ndarray) -> tuple[Estimate, float | None]:
    known = gold[~np.isnan(gold[:, 0])]
    if not len(known):
        return Estimate(None, None, None, 0), None
    mean, expected = known.mean(axis=0)
    if len(known) < 2:
        return Estimate(float(mean), None, None, len(known)), float(expected)
    reach = Z_95 * float(known[:, 0].std(ddof=1)) / len(known) ** 0.5
    mass = Estimate(float(mean), max(0.0, mean - reach), min(1.0, mean + reach), len(known))
    return mass, float(expected)


@dataclass(frozen=True)
class _Answers:
    by_rater: dict[str, dict[str, int]]
    fields: list[FieldQuality]


def _count_answers(connection: sa.Connection) -> _Answers:
    by_rater: dict[str, dict[str, int]] = {}
    by_field: dict[str, list[Any]] = {}
    for row in connection.execute(_ANSWERS):
        kinds = by_rater.setdefault(row.rater_id, {})
        kinds[row.kind] = kinds.get(row.kind, 0) + row.number
        by_field.setdefault(row.field, []).append(row)
    order = {name: place for place, name in enumerate(DRAFTED_FIELDS)}
    names = sorted(by_field, key=lambda name: (order.get(name, len(order)), name))
    return _Answers(by_rater, [_describe_field(name, by_field[name]) for name in names])


def _describe_field(name: str, rows: Sequence[Any]) -> FieldQuality:
    total = sum(row.number for row in rows)
    accepted, edited = (
        sum(row.number for row in rows if row.kind == kind)
        for kind in ("field_accept", "field_edit")
    )
    timed = sum(row.timed for row in rows)
    spent_ms = sum(int(row.spent_ms or 0) for row in rows)
    return FieldQuality(
        name,
        _share(accepted, total),
        _share(edited, total),
        _share(total - accepted - edited, total),
        spent_ms / timed / 1000 if timed else None,
    )


def _confusion(blind: _Blind) -> list[list[int]]:
    known = blind.machine >= 0
    table = np.zeros((len(FELT), len(EMOTIONS)), dtype=np.int64)
    np.add.at(table, (blind.emotions[known], blind.machine[known]), 1)
    return table.tolist()


def _counts(items: np.ndarray, levels: np.ndarray, size: int, width: int) -> np.ndarray:
    table = np.zeros((size, width), dtype=np.int64)
    np.add.at(table, (items, levels), 1)
    return table


def _share(hits: int, count: int) -> Estimate:
    if count == 0:
        return Estimate(None, None, None, 0)
    lower, upper = wilson(np.array([hits]), np.array([count]))
    return Estimate(hits / count, float(lower[0]), float(upper[0]), count)
