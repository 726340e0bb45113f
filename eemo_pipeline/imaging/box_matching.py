"""Pairs of predicted and true boxes of an image, and the scores of EmoVerse's Table 5.

The measures of two boxes are in `boxes.py`; here they are computed for all pairs at once.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from eemo_pipeline.imaging.boxes import Box

# One row per gold box, one column per predicted box.
Scores = npt.NDArray[np.float64]
Matches = list[tuple[int, int]]


def ious(gold: Sequence[Box], predicted: Sequence[Box]) -> Scores:
    """Return the intersection over union of every pair, 0-1."""
    one, other = _columns(gold)[:, :, None], _columns(predicted)[:, None, :]
    shared, joint = _shared(one, other), _areas(one) + _areas(other)
    return _share(shared, joint - shared)


def dices(gold: Sequence[Box], predicted: Sequence[Box]) -> Scores:
    """Return the Dice coefficient of every pair, 0-1."""
    one, other = _columns(gold)[:, :, None], _columns(predicted)[:, None, :]
    return _share(2 * _shared(one, other), _areas(one) + _areas(other))


def centre_scores(gold: Sequence[Box], predicted: Sequence[Box]) -> Scores:
    """Return 1 minus the distance of the centres over the diagonal around both, per pair, 0-1."""
    one, other = _columns(gold)[:, :, None], _columns(predicted)[:, None, :]
    low, high = np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])
    diagonal = np.hypot(*(high - low))
    apart = np.hypot(*((one[:2] + one[2:] - other[:2] - other[2:]) / 2))
    return 1.0 - np.minimum(1.0, _share(apart, diagonal))


def match_greedily(scores: Scores) -> Matches:
    """Return one-to-one pairs (gold, predicted): the largest score first, as long as it is above 0.

    The rule of EmoVerse's scorer. Of equal scores the first gold box, then the first predicted box
    is taken.
    """
    rows, columns = np.divmod(np.argsort(-scores, axis=None, kind="stable"), scores.shape[1] or 1)
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    matches: Matches = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if scores[row, column] <= 0:
            break
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            matches.append((row, column))
    return matches


def match_best(scores: Scores) -> Matches:
    """Return the one-to-one pairs whose scores have the largest sum; pairs of score 0 are left out.

    The Hungarian method (Kuhn 1955).
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(scores, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [pair for pair in pairs if scores[pair] > 0]


def score_boxes(gold: Sequence[Box], predicted: Sequence[Box]) -> dict[str, float]:
    """Return EmoVerse's scores of an image's boxes: iou, centre and f1, each 0-1.

    Each is a mean over matched pairs, 0 where none match; boxes without a match cost nothing. F1
    is the Dice coefficient of the pairs matched by IoU. The centre score matches by itself.
    """
    overlap, near = ious(gold, predicted), centre_scores(gold, predicted)
    by_overlap = match_greedily(overlap)
    return {
        "iou": _mean(overlap, by_overlap),
        "centre": _mean(near, match_greedily(near)),
        "f1": _mean(dices(gold, predicted), by_overlap),
    }


def score_boxes_strictly(gold: Sequence[Box], predicted: Sequence[Box]) -> dict[str, float]:
    """Return iou, centre and f1 of an image's boxes, 0-1, where a box without a match counts 0.

    The pairs are the best by the sum of IoU. Each score is a mean over the longer of the two lists;
    1 where both are empty.
    """
    overlap = ious(gold, predicted)
    matches, count = match_best(overlap), max(overlap.shape)
    measures = {
        "iou": overlap,
        "centre": centre_scores(gold, predicted),
        "f1": dices(gold, predicted),
    }
    return {
        name: sum(float(scores[pair]) for pair in matches) / count if count else 1.0
        for name, scores in measures.items()
    }


def _columns(boxes: Sequence[Box]) -> npt.NDArray[np.float64]:
    """Return x1, y1, x2 and y2 of the boxes, shape (4, count)."""
    return np.array(boxes, dtype=np.float64).reshape(-1, 4).T


def _areas(boxes: Any) -> Any:
    return np.maximum(boxes[2:] - boxes[:2], 0.0).prod(axis=0)


def _shared(one: Any, other: Any) -> Any:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return np.maximum(sides, 0.0).prod(axis=0)


def _share(part: Any, whole: Any) -> Scores:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _mean(scores: Scores, matches: Matches) -> float:
    return float(np.mean([scores[pair] for pair in matches])) if matches else 0.0
