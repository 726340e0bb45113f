"""How often people feel each emotion over all images, though some images were drawn more often."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.review.estimates import estimate

_ANSWERS = (*MIKELS_8, "neutral", "cannot_tell")


def weigh_back(votes: pl.DataFrame, queue: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield image_share: the share of judgements of an image drawn at random that name an emotion.

    A judged image counts by the inverse of its probability to be asked about (Horvitz and Thompson
    1952), as a share of the sum of these (Hajek 1971). Images of a queue that nobody has judged yet
    are taken to be like the judged ones of the same queue. Disputed images come by priority, so the
    shares are those of all images only once that queue is done.

    Args:
        votes: counted rows of `review__votes`.
        queue: rows of `review__queue`.
    """
    felt = votes.filter(
        (pl.col("phase") == "blind") & (pl.col("reviewed_field") == "emotion")
    ).drop_nulls("asked_share")
    named = pl.col("said_json")
    judged = (
        felt.group_by("image_id")
        .agg(
            pl.col("queue", "asked_share").first(),
            *((named == f'"{name}"').mean().alias(name) for name in _ANSWERS),
        )
        .sort("image_id")
    )
    weights = _weigh(judged, queue)
    for name in _ANSWERS:
        rows = np.column_stack([judged[name].to_numpy(), weights])
        yield estimate("image_share", name, rows, _mean)


def _weigh(judged: pl.DataFrame, queue: pl.DataFrame) -> np.ndarray:
    """Return how many images each judged one stands for."""
    weight = (1 / pl.col("asked_share")).alias("weight")
    all_asked, all_judged = (
        frame.select("queue", weight).group_by("queue").agg(pl.col("weight").sum().alias(name))
        for frame, name in ((queue, "asked"), (judged, "judged"))
    )
    joined = (
        judged.select("queue", weight)
        .join(all_asked, on="queue", how="left", maintain_order="left")
        .join(all_judged, on="queue", how="left", maintain_order="left")
    )
    waiting = (pl.col("asked") / pl.col("judged")).fill_null(1.0).clip(1.0)
    return joined.select(pl.col("weight") * waiting).to_series().to_numpy()


def _mean(rows: np.ndarray) -> float:
    return float((rows[:, 0] * rows[:, 1]).sum() / rows[:, 1].sum())
