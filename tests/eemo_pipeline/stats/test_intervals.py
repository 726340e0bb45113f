import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.stats.hash_draws import uniforms
from eemo_pipeline.stats.intervals import bootstrap_shares, holm, mcnemar, wilson


@pytest.mark.parametrize(
    ("right", "count", "lower", "upper"),
    [(270, 300, 0.861, 0.929), (450, 500, 0.871, 0.923), (900, 1000, 0.880, 0.917)],
)
def test_wilson_has_the_published_bounds(right, count, lower, upper):
    found = wilson(np.array([right]), np.array([count]))
    assert [bound[0] for bound in found] == pytest.approx([lower, upper], abs=5e-4)


@given(st.integers(0, 50), st.integers(0, 50))
def test_wilson_holds_the_share(hits, misses):
    lower, upper = wilson(np.array([hits]), np.array([hits + misses]))
    assert 0 <= lower[0] <= upper[0] <= 1
    if hits + misses:
        assert lower[0] - 1e-12 <= hits / (hits + misses) <= upper[0] + 1e-12


def test_mcnemar_is_the_exact_binomial_test():
    one = np.array([True] * 9 + [False] * 1 + [True] * 20)
    other = np.array([False] * 9 + [True] * 1 + [True] * 20)
    assert mcnemar(one, other) == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar(one, one) == 1
    assert mcnemar(one[:0], other[:0]) == 1


def test_holm_steps_down():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1, 1]


def test_the_bootstrap_is_paired_and_repeats():
    hits = (uniforms(200, "hits") < 0.7).astype(float)
    both = np.stack([hits, hits], axis=1)
    shares = bootstrap_shares(both, np.ones_like(both), "seed", 2000)
    assert (shares[:, 0] == shares[:, 1]).all()
    assert shares[:, 0].mean() == pytest.approx(hits.mean(), abs=0.005)
    spread = (hits.mean() * (1 - hits.mean()) / 200) ** 0.5
    assert shares[:, 0].std() == pytest.approx(spread, rel=0.08)
    assert (bootstrap_shares(both, np.ones_like(both), "seed", 2000) == shares).all()
    nothing = bootstrap_shares(0 * both, 0 * both, "seed", 10)
    assert np.isnan(nothing).all()


def test_uniforms_are_uniform_and_named_by_their_seed():
    drawn = uniforms(20_000, "a", "b")
    assert ((drawn >= 0) & (drawn < 1)).all()
    assert np.histogram(drawn, 10, (0, 1))[0] == pytest.approx(2000, rel=0.08)
    assert not (drawn == uniforms(20_000, "b", "a")).any()
    assert (uniforms(5, "a", "b") == drawn[:5]).all()
