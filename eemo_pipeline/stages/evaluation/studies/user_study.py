"""EmoVerse's Table 4 from votes of the review tool: to whose images and labels people say yes.

Beside the share of yes, its interval and the agreement of the people stands what is compared there
by eye: of two sources, how often a person says yes more often about the first (win), as often
(tie, half a win) or less often. Intervals of shares and of agreement resample clusters of images,
those of wins resample people.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.studies.published_studies import published_arms, published_of
from eemo_pipeline.stages.evaluation.studies.study_table import TABLE
from eemo_pipeline.stages.evaluation.studies.trials import ALL_SOURCES
from eemo_pipeline.stats.cluster_bootstrap import bounds_95, draw_clusters, two_sided_p
from eemo_pipeline.stats.intervals import holm

STUDY = "user_study"
# Question -> what a yes to it says.
NUMBERS: Mapping[str, str] = {
    "evokes_emotion": "Evokes an emotion",
    "emotion_is_right": "Emotion is right",
    "background_is_right": "Background is right",
}
_PEOPLE = "people"
_RESAMPLES = 1000
_DIGITS = 6


def compare_groups(answers: pl.DataFrame, units: Mapping[str, str]) -> pl.DataFrame:
    """Return rows of `evaluation__studies`; where nobody voted they say so.

    Args:
        answers: the result of `aggregation/study_answers.py`.
        units: image -> its near-duplicate cluster.
    """
    rows = list(_rows(answers, units)) if answers.height else list(_missing())
    compared = [row for row in rows if row.get("test_p_value") is not None]
    for row, p in zip(compared, holm([row["test_p_value"] for row in compared]), strict=True):
        row["test_p_adjusted"] = p
    return pl.DataFrame(rows, schema=TABLE.polars_schema).sort(TABLE.key)


def _missing() -> Iterator[dict[str, Any]]:
    for arm in (_PEOPLE, *published_arms(STUDY)):
        for number in NUMBERS.values():
            published = published_of(STUDY, arm, ALL_SOURCES, number)
            if published or arm == _PEOPLE:
                yield _row(arm, number) | {"status": "missing", "reason": "no_votes", **published}


def _rows(answers: pl.DataFrame, units: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    groups = answers["study_group"].unique().sort().to_list()
    for question, number in NUMBERS.items():
        asked = answers.filter(pl.col("study_question") == question)
        for group in (ALL_SOURCES, *groups):
            own = asked if group == ALL_SOURCES else asked.filter(pl.col("study_group") == group)
            if own.height:
                yield from _shares(group, number, own, units)
        for first, second in combinations(groups, 2):
            yield from _wins(
                f"{first} over {second}",
                number,
                *(_by_person(asked, group) for group in (first, second)),
            )


def _shares(
    group: str, number: str, answers: pl.DataFrame, units: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield the share of yes, and the agreement of people about the same images."""
    images = answers.group_by("image_id").agg(pl.len(), pl.col("is_yes").sum()).sort("image_id")
    names = [units.get(image, image) for image in images["image_id"]]
    known, codes = np.unique(np.array(names, dtype=str), return_inverse=True)
    asked, yes = (images[name].to_numpy().astype(float) for name in ("len", "is_yes"))
    sums = np.stack([np.bincount(codes, part, len(known)) for part in (yes, asked)], axis=1)
    counted = {"counted_items": answers.height, "counted_clusters": len(known)}
    weights = _weights(len(known), f"{group} {number}")
    drawn = weights @ sums
    yield (
        _row(group, number)
        | counted
        | {
            "score_unit": "percent",
            "score_value": round(100 * float(yes.sum() / asked.sum()), _DIGITS),
            **_bounds("score", 100 * drawn[:, 0] / drawn[:, 1]),
            **published_of(STUDY, group, ALL_SOURCES, number),
        }
    )
    several = asked > 1
    parts = (asked, yes, np.where(several, 2 * yes * (asked - yes) / np.maximum(asked - 1, 1), 0.0))
    paired = np.stack([np.bincount(codes, part * several, len(known)) for part in parts], axis=1)
    (alpha,) = _alphas(paired.sum(axis=0, keepdims=True))
    if not np.isnan(alpha):
        yield (
            _row(group, f"{number}: agreement")
            | counted
            | {
                "counted_items": int(asked[several].sum()),
                "counted_clusters": len(np.unique(codes[several])),
                "score_unit": "alpha",
                "score_value": round(float(alpha), _DIGITS),
                **_bounds("score", _alphas(weights @ paired)),
                "score_note": "Krippendorff's nominal alpha, of images that several people judged.",
            }
        )


def _alphas(sums: np.ndarray) -> np.ndarray:
    """Return Krippendorff's nominal alpha of two values from sums of answers, yes, disagreement.

    It is 1 minus observed by expected disagreement (Krippendorff 2011, "Computing Krippendorff's
    alpha-reliability"); NaN where everybody says the same.
    """
    count, yes, disagreement = sums.T
    expected = 2 * yes * (count - yes) / np.maximum(count - 1, 1)
    ratio = np.divide(disagreement, expected, out=np.full(len(sums), np.nan), where=expected > 0)
    return 1 - ratio


def _wins(
    arm: str, number: str, first: Mapping[str, float], second: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    people = sorted(set(first) & set(second))
    if not people:
        return
    differences = np.array([first[person] - second[person] for person in people]).round(9)
    won, tied = differences > 0, differences == 0
    worth = won + 0.5 * tied
    weights = _weights(len(people), f"{arm} {number}")
    drawn = weights @ worth / len(people)
    lost = len(people) - int(won.sum()) - int(tied.sum())
    counted = {"counted_items": len(people), "counted_clusters": len(people)}
    yield (
        _row(arm, f"{number}: win rate")
        | counted
        | {
            "score_unit": "percent",
            "score_value": round(100 * float(worth.mean()), _DIGITS),
            **_bounds("score", 100 * drawn),
            "test_p_value": two_sided_p((drawn - 0.5).round(9), len(people)),
            "score_note": f"People: {int(won.sum())} wins, {int(tied.sum())} ties, {lost} losses. "
            "A tie is half a win; tested against 50 %.",
        }
    )


def _by_person(answers: pl.DataFrame, group: str) -> dict[str, float]:
    own = answers.filter(pl.col("study_group") == group)
    return dict(own.group_by("rater_id").agg(pl.col("is_yes").mean()).iter_rows())


def _row(arm: str, number: str) -> dict[str, Any]:
    return {
        "study": STUDY,
        "tested_on": ALL_SOURCES,
        "study_arm": arm,
        "study_seed": "all",
        "number": number,
        "status": "ok",
    }


def _weights(units: int, name: str) -> np.ndarray:
    return np.concatenate(list(draw_clusters(units, f"user study {name}", _RESAMPLES)))


def _bounds(name: str, values: np.ndarray) -> dict[str, float | None]:
    lower, upper = (None if end is None else round(end, _DIGITS) + 0.0 for end in bounds_95(values))
    return {f"{name}_lower": lower, f"{name}_upper": upper}
