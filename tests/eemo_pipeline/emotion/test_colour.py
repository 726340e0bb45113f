"""Colour space, names and the published colour-emotion formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.emotion import colour

BASIC = {
    *("black", "white", "grey", "red", "green", "yellow", "blue", "brown", "purple", "pink"),
    "orange",
}


def test_lab_of_known_colours() -> None:
    rgb = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [119, 119, 119]], dtype=np.uint8)
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [50.03, 0, 0]]
    assert colour.lab_of(rgb) == pytest.approx(np.array(expected), abs=0.02)


@pytest.mark.parametrize(
    ("name", "rgb"),
    [
        ("black", (8, 8, 10)),
        ("white", (250, 250, 248)),
        ("grey", (130, 130, 130)),
        ("red", (200, 20, 30)),
        ("green", (40, 120, 40)),
        ("yellow", (250, 230, 50)),
        ("blue", (30, 60, 160)),
        ("brown", (101, 60, 30)),
        ("purple", (110, 40, 140)),
        ("pink", (250, 150, 180)),
        ("orange", (250, 140, 20)),
    ],
)
def test_names(name: str, rgb: tuple[int, int, int]) -> None:
    lab = colour.lab_of(np.array([rgb], dtype=np.uint8))
    assert colour.colour_names(lab) == [name]


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=20))
def test_every_colour_has_a_basic_name(rgb: list[tuple[int, int, int]]) -> None:
    names = colour.colour_names(colour.lab_of(np.array(rgb, dtype=np.uint8)))
    assert len(names) == len(rgb)
    assert set(names) <= BASIC


def test_colour_emotion_by_hand() -> None:
    # At h = 50 degrees, C = 10: cos(h - 50) = 1 and cos(h - 100) = cos 50 = 0.642788.
    a, b = 10 * np.cos(np.deg2rad(50)), 10 * np.sin(np.deg2rad(50))
    felt = colour.colour_emotion(np.array([[50.0, a, b], [50.0, 3.0, 17.0]]))
    assert felt.heat[0] == pytest.approx(-0.5 + 0.02 * 10**1.07)
    assert felt.weight[0] == pytest.approx(-1.8 + 0.04 * 50 + 0.45 * 0.642788, abs=1e-6)
    assert felt.activity[1] == pytest.approx(-2.1)


@given(st.integers(0, 255), st.floats(-1e-9, 1e-9), st.floats(-1e-9, 1e-9))
def test_rounding_noise_is_no_hue(level: int, a: float, b: float) -> None:
    grey = colour.lab_of(np.array([[level, level, level]], dtype=np.uint8))
    felt = np.array(colour.colour_emotion(grey))
    noisy = np.array(colour.colour_emotion(grey * [1, 0, 0] + [0, a, b]))
    assert noisy == pytest.approx(felt, abs=1e-8)


def test_colour_emotion_orders_colours_as_people_do() -> None:
    rgb = np.array([[255, 60, 0], [0, 80, 200], [20, 20, 40], [250, 245, 240]], dtype=np.uint8)
    felt = colour.colour_emotion(colour.lab_of(rgb))
    orange, blue, dark, pale = range(4)
    assert felt.heat[orange] > 0 > felt.heat[blue]
    assert felt.weight[dark] > 0 > felt.weight[pale]
    assert felt.activity[orange] > felt.activity[dark]


def test_pleasure_arousal_dominance_by_hand() -> None:
    assert colour.pleasure_arousal_dominance(1, 0) == (0.69, -0.31, -0.76)
    assert colour.pleasure_arousal_dominance(0, 1) == (0.22, 0.60, 0.32)
