"""The classifier in closed form, against its definition and scikit-learn's ridge regression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from eemo_pipeline.stats.linear_classifier import (
    even_weights,
    fit_classifier,
    shared_representation,
    solve_ridge,
    standardise,
)

NUMBERS = np.random.default_rng(3)


@pytest.mark.parametrize(("rows", "width"), [(40, 6), (12, 30)])
def test_weights_are_those_of_ridge_regression(rows: int, width: int) -> None:
    features, targets = NUMBERS.normal(size=(rows, width)), NUMBERS.normal(size=(rows, 3))
    ours = solve_ridge(features, targets, 7.0)
    theirs = Ridge(alpha=7.0, fit_intercept=False).fit(features, targets).coef_.T
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_a_row_weight_of_two_is_the_row_twice() -> None:
    features, labels = NUMBERS.normal(size=(30, 4)), NUMBERS.choice(list("abc"), 30)
    twice = np.concatenate([np.arange(30), np.arange(10)])
    weighted = fit_classifier(features, labels, 5.0, np.repeat([2.0, 1.0], [10, 20]))
    repeated = fit_classifier(features[twice], labels[twice], 5.0)
    assert weighted.weights == pytest.approx(repeated.weights)
    assert weighted.bias == pytest.approx(repeated.bias)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=30))
def test_even_weights_sum_to_the_rows_and_are_even_over_classes(labels: list[str]) -> None:
    weights = even_weights(np.array(labels))
    assert weights.sum() == pytest.approx(len(labels))
    sums = [weights[np.array(labels) == name].sum() for name in set(labels)]
    assert sums == pytest.approx([sums[0]] * len(sums))


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_constant_features_and_the_unit_of_others_change_no_answer(seed: int) -> None:
    numbers = np.random.default_rng(seed)
    features, labels = numbers.normal(size=(25, 5)), numbers.choice(list("ab"), 25)
    other = np.concatenate([features * 1000 + 3, np.full((25, 1), 9.0)], axis=1)
    plain = fit_classifier(features, labels, 10.0).decide(features)
    assert fit_classifier(other, labels, 10.0).decide(other).tolist() == plain.tolist()


def test_without_a_narrow_layer_the_shared_values_are_the_fitted_ones() -> None:
    features, targets = NUMBERS.normal(size=(50, 8)), NUMBERS.normal(size=(50, 3))
    mean, scale = standardise(features)
    seen, wanted = (features - mean) / scale, targets - targets.mean(axis=0)
    fitted = seen @ solve_ridge(seen, wanted, 1.0)
    layer = seen @ shared_representation(seen, wanted, 1.0, 3)
    # A rotation keeps all distances; a narrower layer keeps the most variance that it can.
    assert layer @ layer.T == pytest.approx(fitted @ fitted.T)
    narrow = seen @ shared_representation(seen, wanted, 1.0, 1)
    largest = np.linalg.svd(fitted, compute_uv=False)[0]
    assert np.sqrt((narrow**2).sum()) == pytest.approx(largest)
