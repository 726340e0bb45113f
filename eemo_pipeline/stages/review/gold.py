"""People compared with gold: images at which many people elsewhere named the same emotion.

Gold is a distribution, and no answer is the right one: a person is compared with somebody who is
drawn from it. Nobody is told that an image is gold, nor how they did.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.review.estimates import estimate

FEWEST_GOLD = 10  # images, below which nothing is noted
FAR = 0.5  # of what is expected, if the whole interval is below
_NONE = len(MIKELS_8)  # the place of neutral and cannot_tell beside the eight


def join_gold(votes: pl.DataFrame, queue: pl.DataFrame) -> pl.DataFrame:
    """Return the judgements of images with a gold distribution.

    Args:
        votes: rows of `review__votes`.
        queue: rows of `review__queue`.

    Returns:
        rater_id, image_id, `named`, the place of the emotion among the eight, and
        gold_distribution.
    """
    places = {f'"{name}"': place for place, name in enumerate(MIKELS_8)}
    felt = votes.filter(
        pl.col("is_counted")
        & (pl.col("phase") == "blind")
        & (pl.col("reviewed_field") == "emotion")
    )
    gold = queue.drop_nulls("gold_distribution").select("image_id", "gold_distribution")
    return (
        felt.join(gold, on="image_id")
        .select(
            "rater_id",
            "image_id",
            "gold_distribution",
            named=pl.col("said_json").replace_strict(places, default=_NONE, return_dtype=pl.Int64),
        )
        .sort("rater_id", "image_id")
    )


def compare_with_gold(judged: pl.DataFrame) -> dict[str, Any]:
    """Return how one person's emotions lie in the gold distributions.

    - gold_mass: mean share that the distributions give the emotion that was named.
    - gold_expected: the same of a person drawn from them, the mean sum of their squares.
    - gold_distance: total variation between what was named at all of them and their mean.

    Args:
        judged: rows of `join_gold` of one person.
    """
    if judged.is_empty():
        return {"gold_count": 0}
    gold, named = _arrays(judged)
    masses = gold[np.arange(len(gold)), named]
    rater = str(judged["rater_id"][0])
    found = estimate("gold_mass", rater, masses[:, None], lambda rows: float(rows.mean()))
    shares = np.bincount(named, minlength=_NONE + 1) / len(named)
    return {
        "gold_count": len(gold),
        "gold_mass": found["estimate"],
        "gold_mass_lower": found["estimate_lower"],
        "gold_mass_upper": found["estimate_upper"],
        "gold_expected": round(float((gold**2).sum(axis=1).mean()), 6),
        "gold_distance": round(float(np.abs(shares - gold.mean(axis=0)).sum() / 2), 6),
    }


def measure_gold(votes: pl.DataFrame, queue: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield gold_gap: mass of the emotions named, less what people drawn from gold would have.

    0 where people here answer as those elsewhere did.

    Args:
        votes: rows of `review__votes`.
        queue: rows of `review__queue`.
    """
    judged = join_gold(votes, queue)
    gold, named = _arrays(judged)
    gaps = gold[np.arange(len(gold)), named] - (gold**2).sum(axis=1)
    means = (
        judged.select("image_id", gap=pl.Series("gap", gaps, dtype=pl.Float64))
        .group_by("image_id")
        .agg(pl.col("gap").mean())
        .sort("image_id")
    )
    rows = means.select("gap").to_numpy()
    yield estimate("gold_gap", "emotion", rows, lambda drawn: float(drawn.mean()))


def is_far(row: dict[str, Any]) -> bool:
    """Whether a person names emotions that those elsewhere seldom named."""
    if row["gold_count"] < FEWEST_GOLD:
        return False
    return bool(row["gold_mass_upper"] < FAR * row["gold_expected"])


def _arrays(judged: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return judgements x nine shares, the last that of no emotion, and the places named."""
    eight = np.array(judged["gold_distribution"].to_list(), dtype=float).reshape(-1, _NONE)
    rest = np.clip(1 - eight.sum(axis=1, keepdims=True), 0, 1)
    return np.hstack([eight, rest]), judged["named"].to_numpy()
