"""The interval of alpha is that of a bootstrap in which the library counts every resample."""

import numpy as np
import pytest

from eemo_pipeline.stages.review.estimates import Level, estimate, estimate_alpha
from eemo_pipeline.stats.agreement import interval_alpha, masi_alpha, nominal_alpha


@pytest.mark.parametrize(
    ("level", "alpha"),
    [("nominal", nominal_alpha), ("interval", interval_alpha), ("masi", masi_alpha)],
)
def test_alpha_and_its_interval_are_those_of_the_library(level: Level, alpha):
    chance = np.random.default_rng(3)
    level_of_item = chance.integers(1, 8, size=(60, 1))
    other = chance.integers(1, 8, size=(60, 3))
    ratings = np.where(chance.random((60, 3)) < 0.6, level_of_item, other).astype(float)
    ratings[::4, 2] = np.nan
    fast, slow = (estimate_alpha("a", "b", ratings, level), estimate("a", "b", ratings, alpha))
    assert fast["estimate"] == slow["estimate"]
    for bound in ("estimate_lower", "estimate_upper"):
        assert fast[bound] == pytest.approx(slow[bound], abs=0.04)  # other draws


def test_without_images_or_variation_there_is_no_estimate():
    for ratings in (np.empty((0, 0)), np.ones((5, 2))):
        row = estimate_alpha("a", "b", ratings, "nominal")
        assert row["estimate"] is row["estimate_lower"] is None
        assert row["counted"] == len(ratings)
