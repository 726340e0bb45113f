"""Textbook values of the measures of agreement that have no library of their own."""

import numpy as np
import pytest

from eemo_pipeline.stats.agreement import fleiss_kappa, masi_distance, two_way_icc

# The example of Shrout and Fleiss 1979, table 2: six targets, four judges.
JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_icc_of_judges_who_rated_all_targets_is_the_published_one():
    single, mean = two_way_icc(JUDGES)
    assert single == pytest.approx(0.29, abs=0.005)
    assert mean == pytest.approx(0.62, abs=0.005)


# Ten subjects, fourteen raters, five categories: how many raters gave each.
FOURTEEN = [
    *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
    *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
]


def test_fleiss_kappa_is_the_published_one_and_is_undefined_without_choice():
    labels = np.array([np.repeat(np.arange(5.0), counts) for counts in FOURTEEN])
    assert fleiss_kappa(labels) == pytest.approx(0.210, abs=0.0005)
    assert fleiss_kappa(np.array([[1.0, 1], [2, 2]])) == 1
    assert fleiss_kappa(np.ones((3, 2))) is fleiss_kappa(np.ones((3, 1))) is None
    assert fleiss_kappa(np.empty((0, 0))) is None


def test_the_distance_of_sets_is_that_of_passonneau():
    a, b, c, d = 1, 2, 4, 8
    assert masi_distance(a | b, a | b) == 0
    assert masi_distance(a, b) == 1
    assert masi_distance(a, a | b) == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert masi_distance(a | b, b | c) == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert masi_distance(a | b | c, b | c | d) == pytest.approx(1 - 2 / 4 * 1 / 3)
