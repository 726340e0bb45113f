"""Measures agree with the libraries that define them, and intervals with the clusters drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from eemo_pipeline.stages.evaluation.measures import MEASURES, Sample
from eemo_pipeline.stats.cluster_bootstrap import bounds_95, draw_clusters, two_sided_p

DRAWN = np.random.default_rng(7)


def sample(size: int) -> Sample:
    """Return a sample with ties, missing answers and every column filled."""
    gold, answers = DRAWN.integers(0, 9, size) / 8, DRAWN.integers(0, 9, size) / 8
    answers[::7] = np.nan
    labels, answered = DRAWN.integers(0, 4, size), DRAWN.integers(-1, 4, size)
    marks = (labels == answered).astype(float)
    return Sample(marks, gold, answers, labels, answered, DRAWN.random(size))


@pytest.mark.parametrize("name", MEASURES)
def test_a_weight_is_a_number_of_copies(name: str) -> None:
    whole = sample(60)
    weights = DRAWN.integers(0, 3, (5, 60))
    found = MEASURES[name](whole, weights.astype(float))
    for drawn, value in zip(weights, found, strict=True):
        copies = whole.take(np.repeat(np.arange(60), drawn))
        alone = MEASURES[name](copies, np.ones((1, int(drawn.sum()))))[0]
        assert value == pytest.approx(alone, abs=1e-9)


def test_measures_agree_with_scipy_and_scikit_learn() -> None:
    from scipy.stats import pearsonr, spearmanr
    from sklearn.metrics import f1_score, mean_absolute_error, precision_score, recall_score

    whole, once = sample(200), np.ones((1, 200))
    known = ~np.isnan(whole.answers)
    gold, answers = whole.gold[known], whole.answers[known]
    assert MEASURES["pearson"](whole, once)[0] == pytest.approx(pearsonr(gold, answers)[0])
    assert MEASURES["spearman"](whole, once)[0] == pytest.approx(spearmanr(gold, answers)[0])
    expected = mean_absolute_error(gold, answers)
    assert MEASURES["mean_absolute_error"](whole, once)[0] == pytest.approx(expected)
    for name, theirs in (
        ("f1", f1_score),
        ("precision", precision_score),
        ("recall", recall_score),
    ):
        macro = theirs(whole.gold_labels, whole.answer_labels, labels=[0, 1, 2, 3], average="macro")
        assert MEASURES[f"macro_{name}"](whole, once)[0] == pytest.approx(100 * macro)


def test_a_calibrated_model_has_no_calibration_error() -> None:
    marks = np.array([1.0, 0, 1, 1, 0, 1, 1, 1, 1, 1])
    none = np.full(10, np.nan)
    nobody = np.zeros(10, dtype=np.int64)
    well = Sample(marks, none, none, nobody, nobody, np.full(10, 0.8))
    bold = Sample(marks, none, none, nobody, nobody, np.full(10, 1.0))
    silent = Sample(marks, none, none, nobody, nobody, none)
    once = np.ones((1, 10))
    assert MEASURES["calibration_error"](well, once)[0] == pytest.approx(0, abs=1e-12)
    assert MEASURES["calibration_error"](bold, once)[0] == pytest.approx(0.2)
    assert np.isnan(MEASURES["calibration_error"](silent, once)[0])


@given(st.integers(1, 50), st.integers(1, 40))
def test_every_resample_draws_as_many_clusters_as_there_are(clusters: int, resamples: int) -> None:
    drawn = np.concatenate(list(draw_clusters(clusters, "a", resamples)))
    assert drawn.shape == (resamples, clusters)
    assert (drawn.sum(axis=1) == clusters).all()


def test_duplicates_widen_the_interval_of_clusters_alone() -> None:
    marks = DRAWN.integers(0, 2, 100).astype(float)
    widths = []
    for copies in (1, 5):
        # Copies of an image are one cluster: they add nothing that is known.
        sums = np.stack([marks * copies, np.full(100, copies)], axis=1)
        drawn = [weights @ sums for weights in draw_clusters(100, "a", 1000)]
        totals = np.concatenate(drawn)
        lower, upper = bounds_95(totals[:, 0] / totals[:, 1])
        assert lower is not None
        assert upper is not None
        widths.append(upper - lower)
    assert widths[0] == pytest.approx(widths[1])
    assert widths[0] == pytest.approx(2 * 1.96 * marks.std() / 10, rel=0.15)


@pytest.mark.parametrize("distance", [0.5, 2.0, 5.0])
def test_a_p_beyond_the_resamples_is_that_of_the_normal_distribution(distance: float) -> None:
    drawn = distance + np.random.default_rng(4).normal(size=1000)
    expected = np.log10(2 * norm.sf(distance))
    for one in (drawn, -drawn):
        assert np.log10(two_sided_p(one, 40)) == pytest.approx(expected, abs=0.5)
    assert two_sided_p(drawn, 5) >= 1 / 16, "five clusters that agree show no more"
    assert two_sided_p(np.zeros(1000), 40) == 1


def test_no_interval_where_resamples_have_no_value() -> None:
    assert bounds_95(np.array([np.nan, np.nan, 1.0])) == (None, None)
