"""Colour space, colour names, and published colour-emotion models.

Colours of an image are measured in `imaging/pixel_measures.py`.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# The eleven basic colour terms (Berlin and Kay 1969), each with typical sRGB values; most are
# values of CSS colour keywords. Which value belongs to which term is our judgement.
_TERMS = {
    "black": ("#000000", "#1c1c1c"),
    "grey": ("#404040", "#696969", "#808080", "#a9a9a9", "#c8c8c8", "#708090"),
    "white": ("#ffffff", "#f5f5f5", "#e8e8e8"),
    "red": ("#ff0000", "#4d0f0f", "#dc143c", "#b22222", "#8b0000", "#cd3333"),
    "green": (
        "#008000",
        "#006400",
        "#228b22",
        "#3cb371",
        "#6b8e23",
        "#90ee90",
        "#00ff00",
        "#8fbc8f",
        "#1d3a1d",
    ),
    "yellow": ("#ffff00", "#ffd700", "#f0e68c", "#ffffe0", "#eee8aa", "#bdb76b"),
    "blue": (
        "#0000ff",
        "#000080",
        "#4169e1",
        "#4682b4",
        "#87ceeb",
        "#add8e6",
        "#1e90ff",
        "#191970",
        "#14284b",
        "#33507a",
    ),
    "brown": ("#8b4513", "#a0522d", "#654321", "#3d2b1f", "#bc8f8f", "#8b7355", "#d2b48c"),
    "purple": ("#800080", "#4b0082", "#9370db", "#8a2be2", "#663399", "#ba55d3"),
    "pink": ("#ffc0cb", "#ff69b4", "#ff1493", "#db7093", "#ffb6c1"),
    "orange": ("#ffa500", "#ff8c00", "#ff7f50", "#d2691e", "#f4a460"),
}

# Chroma at which a colour is just distinguishable from grey, in units of Lab.
_JUST_NOTICEABLE = 2.3
# Linear sRGB to XYZ (D65); each row sums to the white point's X, Y or Z.
_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


class ColourEmotion(NamedTuple):
    """The three colour-emotion factors of Ou et al. 2004, each per colour, shape (n,)."""

    activity: Floats
    weight: Floats
    heat: Floats


def lab_of(rgb: npt.NDArray[np.uint8]) -> Floats:
    """Convert 8-bit sRGB to CIE Lab (D65) by IEC 61966-2-1 and CIE 15; shape (..., 3), L 0-100.

    The a and b of a grey colour are rounding noise, about 1e-13.
    """
    linear = _linear_levels()[rgb]
    # Summed in an explicit order: the order of a matrix product depends on the processor.
    red, green, blue = (
        linear[..., channel, None] * _RGB_TO_XYZ[:, channel] for channel in range(3)
    )
    relative = (red + green + blue) / _RGB_TO_XYZ.sum(axis=1)
    shaped = np.where(
        relative > (6 / 29) ** 3, np.cbrt(relative), relative * (29 / 6) ** 2 / 3 + 4 / 29
    )
    x, y, z = shaped[..., 0], shaped[..., 1], shaped[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb_of(name: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0-255, of a colour written #rrggbb."""
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)


def colour_names(lab: Floats) -> list[str]:
    """Return the basic colour term of each Lab colour, shape (n, 3), by the nearest prototype."""
    terms, prototypes = _prototypes()
    distances = ((lab[:, None, :] - prototypes[None]) ** 2).sum(axis=2)
    return [terms[index] for index in distances.argmin(axis=1)]


def colour_emotion(lab: Floats) -> ColourEmotion:
    """Return activity, weight and heat of Lab colours, shape (n, 3).

    Ou, Luo, Woodcock and Wright 2004, "A study of colour emotion and colour preference, part I":
    activity = -2.1 + 0.06 sqrt((L - 50)^2 + (a - 3)^2 + ((b - 17) / 1.4)^2)
    weight = -1.8 + 0.04 (100 - L) + 0.45 cos(h - 100 deg)
    heat = -0.5 + 0.02 C^1.07 cos(h - 50 deg)
    Positive is active, heavy, warm; ordinary colours are within about -3 to 3.

    Our addition: an achromatic colour has no hue, so the hue term of weight is multiplied by 1 -
    exp(-(C / 2.3)^2), where a difference of 2.3 is just noticeable (Mahy et al. 1994). Without it,
    rounding noise, which depends on the processor, would determine the hue of grey. The hue term of
    heat vanishes with the chroma by itself.
    """
    lightness, a, b = lab[:, 0], lab[:, 1], lab[:, 2]
    chroma, hue = np.hypot(a, b), np.arctan2(b, a)
    visible = 1 - np.exp(-((chroma / _JUST_NOTICEABLE) ** 2))
    return ColourEmotion(
        -2.1 + 0.06 * np.sqrt((lightness - 50) ** 2 + (a - 3) ** 2 + ((b - 17) / 1.4) ** 2),
        -1.8 + 0.04 * (100 - lightness) + 0.45 * visible * np.cos(hue - np.deg2rad(100)),
        -0.5 + 0.02 * chroma**1.07 * np.cos(hue - np.deg2rad(50)),
    )


def pleasure_arousal_dominance(brightness: float, saturation: float) -> tuple[float, float, float]:
    """Return pleasure, arousal and dominance of a colour, from brightness and saturation in 0-1.

    Valdez and Mehrabian 1994, "Effects of color on emotions": pleasure = .69 B + .22 S, arousal =
    -.31 B + .60 S, dominance = -.76 B + .32 S.
    """
    return (
        0.69 * brightness + 0.22 * saturation,
        -0.31 * brightness + 0.60 * saturation,
        -0.76 * brightness + 0.32 * saturation,
    )


@lru_cache(maxsize=1)
def _linear_levels() -> Floats:
    """Return linear light, 0-1, of each 8-bit sRGB level."""
    level = np.arange(256) / 255
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


@lru_cache(maxsize=1)
def _prototypes() -> tuple[list[str], Floats]:
    terms = [term for term, values in _TERMS.items() for _ in values]
    values = [rgb_of(value) for group in _TERMS.values() for value in group]
    return terms, lab_of(np.array(values, dtype=np.uint8))
