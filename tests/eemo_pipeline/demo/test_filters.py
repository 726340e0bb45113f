"""The demo's filters against OpenCV's and NumPy's, which differ between processors."""

import cv2
import numpy as np
import pytest

from eemo_pipeline.demo.filters import blur, decay, resize_cubic, resize_linear

RNG = np.random.default_rng(3)
NEAR = 2e-6  # less than a hundredth of an 8-bit value


@pytest.mark.parametrize("shape", [(2, 2), (7, 2), (160, 12), (90, 120)])
def test_resizing_is_that_of_opencv(shape: tuple[int, int]) -> None:
    grid = RNG.random(shape, dtype=np.float32)
    size = (120, 90)
    cubic = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
    assert resize_cubic(grid, 90, 120) == pytest.approx(cubic, abs=NEAR)
    linear = cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)
    assert resize_linear(grid, 90, 120) == pytest.approx(linear, abs=NEAR)


@pytest.mark.parametrize("deviation_px", [0.3, 1.2, 4.8])
@pytest.mark.parametrize("shape", [(60, 80), (60, 80, 3)])
def test_the_blur_is_that_of_opencv(shape: tuple[int, ...], deviation_px: float) -> None:
    mask = RNG.random(shape, dtype=np.float32)
    expected = cv2.GaussianBlur(mask, (0, 0), deviation_px)
    assert blur(mask, deviation_px) == pytest.approx(expected, abs=NEAR)


def test_decay_is_exponential() -> None:
    amounts = np.concatenate([np.linspace(0, 40, 10_001), [1e4, 1e30]])
    assert decay(amounts) == pytest.approx(np.exp(-amounts), abs=NEAR)
