"""The feature vector: its length, its range, and that it tells pictures apart."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from eemo_pipeline.imaging.features import (
    FEATURE_COUNT,
    FEATURE_METHOD,
    extract_features,
    pixel_features,
)


def write(path: Path, rgb: np.ndarray) -> str:
    Image.fromarray(rgb).save(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_features_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    rgb = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    image_id = write(path, rgb)
    answer = extract_features(path, image_id)
    assert json.loads(json.dumps(answer)) == answer == extract_features(path, image_id)
    assert answer["status"] == "ok"
    assert len(answer["features"]) == FEATURE_COUNT
    assert extract_features(path, "0" * 64)["reason"] == "changed_since_ingest"
    assert extract_features(tmp_path / "gone.png", image_id)["reason"] == "unreadable_file"


def test_method_names_every_feature() -> None:
    numbers = [int(word) for word in FEATURE_METHOD.partition(":")[2].split() if word.isdigit()]
    assert sum(numbers) == FEATURE_COUNT


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)),
        elements=st.integers(0, 255),
    )
)
def test_any_pixels_give_finite_numbers(rgb: np.ndarray) -> None:
    features = pixel_features(rgb)
    assert features.shape == (FEATURE_COUNT,)
    assert np.isfinite(features).all()
    assert np.abs(features).max() < 10


def test_pictures_that_differ_in_one_way_differ_there() -> None:
    base = np.full((60, 60, 3), (40, 60, 120), dtype=np.uint8)
    warm = np.full((60, 60, 3), (200, 90, 30), dtype=np.uint8)
    striped = base.copy()
    striped[:, ::4] = 250
    turned = striped.transpose(1, 0, 2).copy()
    top = base.copy()
    top[:20] = 240
    bottom = top[::-1].copy()
    for one, other in ((base, warm), (base, striped), (striped, turned), (top, bottom)):
        assert np.abs(pixel_features(one) - pixel_features(other)).max() > 0.1


def test_histograms_are_shares() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    features = pixel_features(rgb)
    assert features[11:19].sum() == pytest.approx(1)
    assert features[-18:-10].sum() == pytest.approx(1)
    assert features[-10:].sum() == pytest.approx(1)
    flat = pixel_features(np.full((50, 70, 3), 90, dtype=np.uint8))
    assert flat[-2] == 1  # all neighbours are as bright as the pixel
    assert flat[-18:-10].sum() == 0  # no gradient has no orientation
