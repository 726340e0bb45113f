"""Laws of the valence-arousal-dominance space and of rating scales."""

from itertools import pairwise
from typing import get_args

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.emotion import vad
from eemo_pipeline.emotion.taxonomies import EKMAN_7, MIKELS_8

unit = st.floats(0, 1)
points = st.builds(vad.Vad, unit, unit, unit)


def test_anchors_cover_the_taxonomies() -> None:
    assert tuple(vad.MIKELS_ANCHORS) == MIKELS_8
    assert tuple(vad.PUBLISHED_CENTROIDS) == EKMAN_7


@given(points, points, points)
def test_distance_is_a_metric_within_one(one: vad.Vad, two: vad.Vad, three: vad.Vad) -> None:
    assert vad.distance(one, two) == vad.distance(two, one)
    assert vad.distance(one, one) == 0
    assert vad.distance(one, three) <= vad.distance(one, two) + vad.distance(two, three) + 1e-9
    assert vad.distance(one, two) <= 1 + 1e-9


def test_distance_by_hand() -> None:
    assert vad.distance(vad.Vad(0, 0, 0), vad.Vad(1, 0, 0)) == pytest.approx(0.5**0.5)
    assert vad.distance(vad.Vad(0, 0, 0), vad.Vad(0, 1, 0)) == pytest.approx(0.3**0.5)
    assert vad.distance(vad.Vad(0, 0, 0), vad.Vad(0, 0, 1)) == pytest.approx(0.2**0.5)


@given(points)
def test_probabilities_follow_the_distance(point: vad.Vad) -> None:
    probabilities = vad.emotion_probabilities(point)
    assert set(probabilities) == set(MIKELS_8)
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
    ranked = list(probabilities)
    assert list(probabilities.values()) == sorted(probabilities.values(), reverse=True)
    distances = [vad.distance(point, vad.MIKELS_ANCHORS[emotion]) for emotion in ranked]
    assert all(near <= far + 1e-9 for near, far in pairwise(distances))


def test_each_anchor_is_nearest_to_itself() -> None:
    for emotion, anchor in vad.MIKELS_ANCHORS.items():
        assert next(iter(vad.emotion_probabilities(anchor))) == emotion


@pytest.mark.parametrize(
    ("value", "low", "high", "expected", "rule"),
    [
        (6.22, 1, 9, 0.622, "x/10"),
        (10, 1, 10, 1.0, "x/10"),
        (4, 1, 7, 0.5, "(x-1)/6"),
        (0, -3, 3, 0.5, "(x+3)/6"),
        (0.25, 0, 1, 0.25, "x/1"),
        (2, 0, 8, 0.25, "x/8"),
        (1.5, 0.5, 3, 0.4, "(x-0.5)/2.5"),
        (10, 1, 9, None, "outside_scale"),
        (1, 1, 1, None, "outside_scale"),
    ],
)
def test_rating_scales(
    value: float, low: float, high: float, expected: float | None, rule: str
) -> None:
    assert vad.normalise_rating(value, low, high) == (expected, rule)


@given(
    st.lists(
        st.tuples(
            st.floats(-5, 12),
            st.sampled_from([-3.0, 0.0, 0.5, 1.0]),
            st.sampled_from([0.5, 1.0, 5.0, 7.0, 9.0, 10.0]),
        ),
        max_size=20,
    ),
    st.sampled_from(get_args(vad.Scaling)),
)
def test_columns_agree_with_single_values(
    rows: list[tuple[float, float, float]], scaling: vad.Scaling
) -> None:
    frame = pl.DataFrame(
        rows, schema={"x": pl.Float64, "lo": pl.Float64, "hi": pl.Float64}, orient="row"
    )
    ratings = vad.normalised_ratings(pl.col("x"), pl.col("lo"), pl.col("hi"), scaling)
    found = frame.select(ratings.alias("r")).unnest("r").rows()
    assert found == [
        (pytest.approx(value, abs=2e-6) if value is not None else None, rule)
        for value, rule in (vad.normalise_rating(*row, scaling) for row in rows)
    ]


def test_a_stretched_scale_reaches_from_0_to_1_whatever_its_ends() -> None:
    assert vad.normalise_rating(9, 1, 9, "stretched") == (1.0, "(x-1)/8")
    assert vad.normalise_rating(1, 1, 10, "stretched") == (0.0, "(x-1)/9")
    assert vad.parse_scaling("stretched") == "stretched"
    with pytest.raises(ValueError, match="no scaling 'half'; it is one of tenth, stretched"):
        vad.parse_scaling("half")


def test_missing_ratings_stay_missing() -> None:
    frame = pl.DataFrame({"x": [None, 5.0], "lo": [1.0, None], "hi": [9.0, 9.0]})
    ratings = vad.normalised_ratings(pl.col("x"), pl.col("lo"), pl.col("hi"))
    assert frame.select(ratings.alias("r")).unnest("r").rows() == [(None, None), (None, None)]


@given(st.one_of(st.none(), unit))
def test_levels(value: float | None) -> None:
    found = pl.DataFrame({"x": [value]}, schema={"x": pl.Float64}).select(vad.levels(pl.col("x")))
    assert found.item() == (None if value is None else vad.level(value))


def test_level_limits() -> None:
    assert [vad.level(value) for value in (0.399, 0.4, 0.6, 0.601)] == [
        "low",
        "medium",
        "medium",
        "high",
    ]
