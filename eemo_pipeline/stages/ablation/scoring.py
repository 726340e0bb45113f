"""Shares with intervals, and tests of the differences between arms.

Turns outcomes into rows of `ablation__scores`.

accuracy: right among kept. coverage: kept among all. Dropping doubtful values raises accuracy, so
the two must be read together. preserve: share of the initially right values that the critic does
not flag. recall: share of the initially wrong values that it flags. false_repair: right at first
and changed to a wrong value. repair_success: wrong at first and right in the end. accuracy_of_all:
right in the end among all, kept or not, so that coverage is the same in every arm.
answer_flips: of the images whose annotators were asked about the emotion again, those where one
changed it. agreement_if_counted: of the contested images, those that would be uncontested if
changed answers were votes. agreement_by_asking: those that are uncontested without an accepted
choice of the critic. The triplet is right where background, attribute and subject all are.
Intervals are Wilson's, at 95 %. Differences of accuracy to the full pipeline are resampled by
image, 10,000 times (paired bootstrap, Efron 1979). p-values are from McNemar's test on the images
that both arms keep, adjusted per experiment and field by Holm's method.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.ablation.arms import Arm
from eemo_pipeline.stages.ablation.outcomes import FIELDS
from eemo_pipeline.stats.intervals import bootstrap_shares, holm, mcnemar, wilson

ALL, FULL = "all", "full"
# The arms whose critic is the one of the experiment.
_SIMULATED = ("full", "human_audit", "no_loop", "no_cross_verification")
# EmoVerse, Table 3, per cent: accuracy of the full pipeline, without cross-verification, without
# critic; share of right values preserved; share of corrupted ones found. Nothing is published for
# the parts of the triplet.
_PUBLISHED = {
    "emotion": (93.20, 80.53, 72.50, 99.72, 89.65),
    "description": (90.56, 83.11, 69.93, 96.12, 97.27),
    "triplet": (96.16, 85.40, 60.32, 90.50, 85.78),
    "intensity": (71.14, 70.21, 65.83, 85.61, 45.79),
    "box": (85.46, None, 75.77, 86.38, 78.42),
}
_PLACES = {
    ("full", "accuracy"): 0,
    ("no_cross_verification", "accuracy"): 1,
    ("no_critic", "accuracy"): 2,
    ("full", "preserve"): 3,
    ("corrupted", "recall"): 4,
}
_TABLE = TABLES["ablation__scores"]
Row = dict[str, Any]


def score_arms(
    experiment: str, arms: Sequence[Arm], fed: Mapping[str, tuple[float, float]] | None = None
) -> list[Row]:
    """Return the rows of `ablation__scores` for one experiment.

    Args:
        experiment: the name.
        arms: the arms, the full pipeline first.
        fed: field -> (share of right values kept, share of wrong ones found), the rates that a
            simulated critic was given; None for a real critic.
    """
    pictures = sorted(set(arms[0].outcomes["image_id"])) if arms else []
    known = set(arms[0].outcomes["field"]) if arms else set()
    fields = [name for name in (*FIELDS, "triplet") if name in known]
    split = {
        (arm.name, field): arm.outcomes.filter(pl.col("field") == field)
        for field in fields
        for arm in arms
    }
    compared = _compare(split, pictures, experiment)
    rows: list[Row] = []
    for (name, field), frame in split.items():
        named = {"experiment": experiment, "arm": name, "part": field, "severity": ALL}
        rows += [
            score(named, metric, hits, count)
            | (compared.get((name, field), {}) if metric == "accuracy" else {})
            for metric, (hits, count) in _count(frame).items()
            if count or metric == "accuracy"
        ]
    return rows if fed is None else [_mark_fed(row, fed) for row in rows]


def _mark_fed(row: Row, fed: Mapping[str, tuple[float, float]]) -> Row:
    """Return the row of a simulated critic: what it was fed is an input, no result to compare."""
    place = {"preserve": 0, "recall": 1}.get(row["metric"])
    if place is None:
        return row
    is_simulated = row["arm"] in _SIMULATED and row["part"] in fed
    return {**row, "published": None, "fed_rate": fed[row["part"]][place] if is_simulated else None}


def score(named: Row, metric: str, hits: int, count: int) -> Row:
    """Return one row: a share with its interval, and the published number if there is one."""
    lower, upper = wilson(np.array([hits]), np.array([count]))
    return {
        **dict.fromkeys(_TABLE.columns),
        **named,
        "metric": metric,
        "image_count": count,
        "value": round(hits / count, 6) if count else None,
        "lower_bound": round(float(lower[0]), 6),
        "upper_bound": round(float(upper[0]), 6),
        "published": find_published(named["arm"], metric, named["part"]),
    }


def find_published(arm: str, metric: str, field: str) -> float | None:
    """Return EmoVerse's number as a share, or None if it reports none."""
    place = _PLACES.get((arm, metric))
    percent = None if place is None or field not in _PUBLISHED else _PUBLISHED[field][place]
    return None if percent is None else round(percent / 100, 4)


def _count(frame: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """Return metric -> (hits, count)."""
    kept, right = frame["is_kept"], frame["is_right"]
    was, flagged, changed = frame["was_right"], frame["is_flagged"], frame["is_changed"]
    asked = frame["is_asked"].fill_null(value=False)
    contested = frame["was_contested"].fill_null(value=False)
    return {
        "accuracy": (int((kept & right).sum()), int(kept.sum())),
        "coverage": (int(kept.sum()), frame.height),
        "preserve": (int((was & ~flagged).sum()), int(was.sum())),
        "recall": (int((~was & flagged).sum()), int((~was).sum())),
        "false_repair": (int((was & changed & ~right).sum()), int(was.sum())),
        "repair_success": (int((~was & right).sum()), int((~was).sum())),
        "accuracy_of_all": (int(right.sum()), frame.height),
        "answer_flips": (int((asked & frame["is_flipped"]).sum()), int(asked.sum())),
        "agreement_if_counted": (int(frame["would_agree"].sum()), int(contested.sum())),
        "agreement_by_asking": (int(frame["has_agreed"].sum()), int(contested.sum())),
    }


def _compare(
    split: Mapping[tuple[str, str], pl.DataFrame], pictures: Sequence[str], seed: str
) -> dict[tuple[str, str], Row]:
    """Return (arm, field) -> difference of accuracy to the full pipeline, with interval and p.

    The test uses the images that both arms keep. For an arm with several annotators, it uses the
    images on which all of its kept rows are right or all are wrong.
    """
    if not pictures:
        return {}
    places = {key: column for column, key in enumerate(split)}
    kept, hits = _align(split, pictures)
    shares = bootstrap_shares(hits, kept, seed)
    rows: dict[tuple[str, str], Row] = {}
    for field in dict.fromkeys(field for _, field in split):
        base = places[FULL, field]
        others = [key for key in split if key[1] == field and key[0] != FULL]
        p_values = [_test(kept, hits, base, places[key]) for key in others]
        for key, p_value, adjusted in zip(others, p_values, holm(p_values), strict=True):
            place = places[key]
            differences = shares[:, place] - shares[:, base]
            usable = differences[np.isfinite(differences)]
            low, high = np.quantile(usable, [0.025, 0.975]) if len(usable) else (np.nan, np.nan)
            rows[key] = {
                "difference": _finite(_mean(hits, kept, place) - _mean(hits, kept, base)),
                "difference_lower": _finite(low),
                "difference_upper": _finite(high),
                "p_value": _finite(p_value),
                "p_adjusted": _finite(adjusted),
            }
    return rows


def _align(
    split: Mapping[tuple[str, str], pl.DataFrame], pictures: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return kept and hits, images x (arm, field), as means over an arm's rows of an image."""
    order = pl.DataFrame({"image_id": pictures}, schema={"image_id": pl.String})
    means = [
        order.join(
            frame.group_by("image_id").agg(
                pl.col("is_kept").cast(pl.Float64).mean(),
                (pl.col("is_kept") & pl.col("is_right")).cast(pl.Float64).mean().alias("is_hit"),
            ),
            on="image_id",
            how="left",
            maintain_order="left",
        ).fill_null(0.0)
        for frame in split.values()
    ]
    kept = np.stack([mean["is_kept"].to_numpy() for mean in means], axis=1)
    return kept, np.stack([mean["is_hit"].to_numpy() for mean in means], axis=1)


def _test(kept: np.ndarray, hits: np.ndarray, one: int, other: int) -> float:
    both = (kept[:, one] > 0) & (kept[:, other] > 0)
    alike = both & ((hits[:, other] == 0) | (hits[:, other] == kept[:, other]))
    return mcnemar(hits[alike, one] > 0, hits[alike, other] > 0)


def _mean(hits: np.ndarray, kept: np.ndarray, place: int) -> float:
    counted = float(kept[:, place].sum())
    return float(hits[:, place].sum()) / counted if counted else np.nan


def _finite(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
