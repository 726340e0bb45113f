"""Agreement of raters: the published example, an oracle by definition, and the laws."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.stats.agreement import (
    interval_alpha,
    nominal_alpha,
    one_way_icc,
    ordinal_alpha,
    weighted_kappa,
)

# Krippendorff 2011: four observers, twelve units; ordinal alpha 0.815.
_ = np.nan
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T


def test_alpha_of_the_published_example() -> None:
    assert ordinal_alpha(OBSERVERS) == pytest.approx(0.815, abs=0.0005)
    assert nominal_alpha(OBSERVERS) == pytest.approx(0.743, abs=0.0005)
    assert interval_alpha(OBSERVERS) == pytest.approx(0.849, abs=0.0005)


def test_intraclass_correlation_of_the_published_example() -> None:
    """Shrout and Fleiss 1979, Table 2: six targets, four judges."""
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
        dtype=float,
    )
    assert one_way_icc(ratings) == pytest.approx((0.166, 0.443), abs=0.0005)
    assert one_way_icc(ratings[:1]) == (None, None)
    assert one_way_icc(np.ones((3, 2))) == (None, None)


@pytest.mark.parametrize(
    "ratings", [np.empty((0, 2)), np.array([[1.0, _]]), np.array([[2.0, 2.0], [2.0, 2.0]])]
)
def test_alpha_without_pairs_or_variation_is_none(ratings: np.ndarray) -> None:
    assert ordinal_alpha(ratings) is None


def alpha_by_definition(ratings: list[list[int | None]]) -> float | None:
    items = [[value for value in item if value is not None] for item in ratings]
    items = [item for item in items if len(item) > 1]
    pool = sorted(value for item in items for value in item)
    if len(set(pool)) < 2:
        return None

    def difference(one: int, other: int) -> float:
        low, high = sorted((one, other))
        inside = sum(low <= value <= high for value in pool)
        return (inside - (pool.count(low) + pool.count(high)) / 2) ** 2 if low < high else 0.0

    observed = sum(
        difference(*pair) / (len(item) - 1) for item in items for pair in permutations(item, 2)
    ) / len(pool)
    expected = sum(difference(*pair) for pair in permutations(pool, 2)) / (
        len(pool) * (len(pool) - 1)
    )
    return 1 - observed / expected


@given(
    st.lists(st.lists(st.none() | st.integers(0, 2), min_size=3, max_size=3), max_size=8),
    st.permutations(range(3)),
)
def test_alpha_follows_its_definition_for_raters_in_any_order(
    ratings: list[list[int | None]], order: list[int]
) -> None:
    matrix = np.array([[_ if v is None else v for v in item] for item in ratings], dtype=float)
    matrix = matrix.reshape(len(ratings), 3)
    found, expected = ordinal_alpha(matrix), alpha_by_definition(ratings)
    assert (found is None) == (expected is None)
    if found is not None:
        assert found == pytest.approx(expected)
        assert ordinal_alpha(matrix[:, order]) == pytest.approx(found)


def test_weighted_kappa_counts_a_near_miss_by_half() -> None:
    truth = np.array([0, 1, 2, 0, 1, 2])
    assert weighted_kappa(truth, truth, 3) == 1.0
    near = weighted_kappa(truth, np.array([1, 1, 2, 0, 1, 2]), 3)
    far = weighted_kappa(truth, np.array([2, 1, 2, 0, 1, 2]), 3)
    assert near is not None
    assert far is not None
    assert far < near < 1
    assert weighted_kappa(truth[:0], truth[:0], 3) is None
    assert weighted_kappa(np.zeros(3), np.zeros(3), 3) is None
