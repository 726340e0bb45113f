"""Numbers computed from the pixels of an image: attributes, dominant colours, hash, saliency.

Stages that must not import each other share these formulas. Files are opened in `opening.py`;
relations between colours and emotion are in `emotion/colour.py`.
"""

import math

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

# Contrast below which an image that is not dark has no structure to hash.
BLANK_CONTRAST = 0.02
_GREY_LEVEL = 1 / 255
_HASHED_SIDE = 32  # of the image whose transform `imagehash.phash` takes
_SALIENCY_SIDE = 64
_STEPS = 5  # of k-means


def measure_pixels(rgb: Pixels) -> dict[str, float]:
    """Return brightness, saturation, contrast, colourfulness and edge density, six decimals.

    Brightness and saturation are means of HSV value and saturation; contrast is the standard
    deviation of Rec. 601 luma (Peli 1990); colourfulness is M3 of Hasler and Suesstrunk 2003,
    sqrt(s_rg^2 + s_yb^2) + 0.3 sqrt(m_rg^2 + m_yb^2) with rg = R - G, yb = (R + G)/2 - B on 8-bit
    values; edge density is the share of pixels on a Canny edge (thresholds 100 and 200). All but
    colourfulness are in 0-1.
    """
    hsv = cv2.mean(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV))
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    edges = cv2.countNonZero(cv2.Canny(luma, 100, 200)) / luma.size
    return {
        "brightness": round(hsv[2] / 255, 6),
        "saturation": round(hsv[1] / 255, 6),
        "contrast": round(float(cv2.meanStdDev(luma)[1][0, 0]) / 255, 6),
        "colourfulness": round(_colourfulness(rgb), 6),
        "edge_density": round(edges, 6),
    }


def _colourfulness(rgb: Pixels) -> float:
    red, green, blue = cv2.split(rgb)
    # Mean squares of differences between channels are exact sums of integers; those of the
    # opponent axes follow: 4 yb^2 = 2 (R - B)^2 + 2 (G - B)^2 - (R - G)^2.
    red_green, red_blue, green_blue = (
        cv2.norm(one, other, cv2.NORM_L2SQR) / red.size
        for one, other in ((red, green), (red, blue), (green, blue))
    )
    means = cv2.mean(rgb)
    rg, yb = means[0] - means[1], (means[0] + means[1]) / 2 - means[2]
    rg_variance = red_green - rg**2
    yb_variance = (2 * red_blue + 2 * green_blue - red_green) / 4 - yb**2
    return math.sqrt(max(0.0, rg_variance + yb_variance)) + 0.3 * math.hypot(rg, yb)


def dominant_colours(rgb: Pixels, count: int = 5) -> tuple[list[str], list[float]]:
    """Return up to `count` colours as #rrggbb with their share of pixels, most frequent first.

    k-means on a grid of about 800 pixels, five steps from groups of equal size along the sum of the
    channels, so that nothing is random. Groups whose means round to one colour are joined.
    """
    stride = math.ceil(max(rgb.shape[:2]) / 34)
    sizes, centres = _group_pixels(rgb[::stride, ::stride].reshape(-1, 3), count)
    shares: dict[str, int] = {}
    for centre, size in zip(centres.round().astype(int).tolist(), sizes.tolist(), strict=True):
        name = "#{:02x}{:02x}{:02x}".format(*centre)
        shares[name] = shares.get(name, 0) + size
    ranked = sorted(
        (name for name in shares if shares[name]), key=lambda name: (-shares[name], name)
    )
    total = sum(shares.values())
    return ranked, [round(shares[name] / total, 6) for name in ranked]


def _group_pixels(
    pixels: Pixels, count: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return sizes and means of up to `count` groups of pixels, shape (n,) and (n, 3).

    As fast as `cv2.kmeans`, whose groups depend on the processor: rounding decides the group of a
    pixel half way between two means. Here every sum is one of integers, so neither the order of
    summation nor a fused instruction changes a number.
    """
    groups = min(count, len(pixels))
    labels = np.empty(len(pixels), dtype=np.intp)
    by_sum = pixels.sum(axis=1, dtype=np.uint16).argsort(kind="stable")
    labels[by_sum] = np.arange(len(pixels)) * groups // len(pixels)
    channels = np.ascontiguousarray(pixels.T, dtype=np.float32)
    sizes, means = _average(channels, labels, groups)
    for _ in range(_STEPS - 1):
        distances = means.astype(np.float32)[:, :, None] - channels[:, None, :]
        distances *= distances
        from_mean = distances[0] + distances[1] + distances[2]
        from_mean[sizes == 0] = np.inf
        sizes, means = _average(channels, from_mean.argmin(axis=0), groups)
    return sizes, means.T


def _average(
    channels: npt.NDArray[np.float32], labels: npt.NDArray[np.intp], groups: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    sizes = np.bincount(labels, minlength=groups)
    sums = np.array([np.bincount(labels, channel, groups) for channel in channels])
    return sizes, sums / np.maximum(sizes, 1)


def is_blank(measured: dict[str, float]) -> bool:
    """Return whether an image has no structure to hash, by the numbers of `measure_pixels`.

    A dark image is blank only if its contrast is also below an eighth of its brightness.
    """
    relative = max(_GREY_LEVEL, measured["brightness"] / 8)
    return measured["contrast"] < min(BLANK_CONTRAST, relative)


def perceptual_hashes(rgb: Pixels) -> tuple[str, list[str]]:
    """Return the 64-bit DCT hash of the luma (`imagehash.phash`), and those of its turned copies.

    A hash has 16 hexadecimal digits. The turned copies are the seven other ways to mirror and
    quarter-turn an image, in the order of Pillow's transpositions.
    """
    luma = Image.fromarray(rgb).convert("L")
    # The hash takes this size, so what it computes from the small image is the same.
    small = luma.resize((_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.LANCZOS)
    turned = [str(imagehash.phash(small.transpose(way))) for way in Image.Transpose]
    return str(imagehash.phash(small)), turned


def hash_method() -> str:
    """Return the hash behind `perceptual_hashes`, with its version."""
    return f"imagehash {imagehash.__version__.rpartition('.')[0]} phash 8x8 and turned"


def saliency(rgb: Pixels) -> npt.NDArray[np.float64]:
    """Return spectral residual saliency (Hou and Zhang 2007), long side 64, 0-1 with maximum 1.

    The log amplitude spectrum of the grey image minus its 3x3 mean, with the phase kept, is
    transformed back, squared and smoothed (Gaussian, sigma 2.5 as a share of 64 pixels). An image
    without structure is 0 everywhere.
    """
    scale = _SALIENCY_SIDE / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    grey = cv2.resize(
        cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA
    ).astype(np.float64)
    if grey.std() / 255 < BLANK_CONTRAST:
        return np.zeros_like(grey)
    spectrum = np.fft.fft2(grey)
    # Adding one grey level: smaller amplitudes are rounding noise and must not become residuals.
    amplitude = np.log(np.abs(spectrum) + 1.0)
    # The spectrum is periodic, so its edges are continued from the other side.
    wrapped = np.pad(amplitude, 1, mode="wrap")
    residual = amplitude - cv2.blur(wrapped, (3, 3))[1:-1, 1:-1]
    restored = np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))
    smooth = cv2.GaussianBlur(np.abs(restored) ** 2, (0, 0), 2.5).astype(np.float64)
    highest = float(smooth.max())
    return smooth / highest if highest > 0 else smooth
