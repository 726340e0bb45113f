"""Pairs of boxes and the scores of EmoVerse's Table 5."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.imaging.box_matching import (
    centre_scores,
    dices,
    ious,
    match_best,
    match_greedily,
    score_boxes,
    score_boxes_strictly,
)
from eemo_pipeline.imaging.boxes import Box, intersection_over_union

SIDES = st.integers(0, 40)
BOXES = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height), SIDES, SIDES, SIDES, SIDES
)
LISTS = st.lists(BOXES, max_size=4)
GOLD = Box(0, 0, 100, 100)


@pytest.mark.parametrize(
    ("gold", "predicted", "iou", "centre", "f1"),
    [
        (GOLD, Box(10, 10, 110, 110), 0.6807, 0.9091, 0.81),
        (GOLD, Box(0, 0, 50, 100), 0.5, 0.8232, 0.6667),
        (Box(0, 0, 10, 10), Box(90, 90, 100, 100), 0.0, 0.1, 0.0),
    ],
)
def test_the_golden_vectors(
    gold: Box, predicted: Box, iou: float, centre: float, f1: float
) -> None:
    rounded = {name: round(value, 4) for name, value in score_boxes([gold], [predicted]).items()}
    assert rounded == {"iou": iou, "centre": centre, "f1": f1}


@given(LISTS, LISTS)
def test_every_pair_has_the_measures_of_two_boxes(gold: list[Box], predicted: list[Box]) -> None:
    overlap = ious(gold, predicted)
    assert overlap.shape == (len(gold), len(predicted))
    for row, one in enumerate(gold):
        for column, other in enumerate(predicted):
            assert overlap[row, column] == pytest.approx(intersection_over_union(one, other))
    for scores in (overlap, dices(gold, predicted), centre_scores(gold, predicted)):
        assert ((scores >= 0) & (scores <= 1 + 1e-12)).all()
    # Dice is a function of IoU: 2 i / (1 + i)
    assert dices(gold, predicted) == pytest.approx(2 * overlap / (1 + overlap))


@given(BOXES)
def test_a_box_is_its_own_centre(box: Box) -> None:
    assert centre_scores([box], [box])[0, 0] == 1


@given(LISTS, LISTS)
def test_matches_are_one_to_one_and_the_best_are_best(
    gold: list[Box], predicted: list[Box]
) -> None:
    scores = ious(gold, predicted)
    greedy, best = match_greedily(scores), match_best(scores)
    for matches in (greedy, best):
        for side in zip(*matches, strict=True):
            assert len(set(side)) == len(side)
        assert all(scores[pair] > 0 for pair in matches)
    found = sum(scores[pair] for pair in best)
    assert found >= sum(scores[pair] for pair in greedy) - 1e-9
    few, many = sorted(scores.shape)
    wide = scores if scores.shape[0] <= scores.shape[1] else scores.T
    most = max(
        sum(wide[row, column] for row, column in enumerate(columns))
        for columns in permutations(range(many), few)
    )
    assert found == pytest.approx(most)


def test_greed_takes_the_largest_first() -> None:
    scores = np.array([[0.9, 0.8], [0.8, 0.1]])
    assert match_greedily(scores) == [(0, 0), (1, 1)]
    assert sorted(match_best(scores)) == [(0, 1), (1, 0)]
    assert match_greedily(np.zeros((2, 0))) == []


def test_a_box_without_a_match_costs_only_in_the_strict_scores() -> None:
    far = Box(500, 500, 600, 600)
    assert score_boxes([GOLD], [GOLD, far]) == {"iou": 1, "centre": 1, "f1": 1}
    assert score_boxes_strictly([GOLD], [GOLD, far]) == {"iou": 0.5, "centre": 0.5, "f1": 0.5}
    assert score_boxes_strictly([], [far]) == {"iou": 0, "centre": 0, "f1": 0}
    assert score_boxes_strictly([], []) == {"iou": 1, "centre": 1, "f1": 1}
