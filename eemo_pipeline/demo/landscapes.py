"""Scenes of land, water and sky, painted by code.

One function per family, from a random generator and a size to a canvas. The emotion profiles of the
scenes are in `affect.py`.
"""

import math

import numpy as np

from eemo_pipeline.demo.canvas import (
    Canvas,
    Line,
    Mask,
    axes,
    below,
    blend,
    disc,
    fade,
    glow,
    length,
    noise,
    polygon,
    ridge,
    shine,
    soften,
    strokes,
)
from eemo_pipeline.demo.filters import decay, resize_linear

Rng = np.random.Generator


def paint_sunset_sea(rng: Rng, height: int, width: int) -> Canvas:
    """A low sun over the sea, its reflection broken by waves."""
    horizon = rng.uniform(0.42, 0.68)
    sun_y, sun_x = horizon - rng.uniform(0.02, 0.2), rng.uniform(0.15, 0.85) * width / height
    skies = (
        ("#2b2a5c", "#b0476a", "#ff9a3c"),
        ("#41295a", "#e0605e", "#ffd27a"),
        ("#1d3a6b", "#d9764a", "#ffe08a"),
    )
    top, middle, low = skies[rng.integers(len(skies))]
    sky = fade(height, width, [(0, top), (horizon * 0.6, middle), (horizon, low), (1, low)])
    clouds = np.clip(noise(rng, height, width, (7, 2)) * 2 - 1.05, 0, 1)
    sky = blend(sky, "#5a3350", clouds * 0.75)
    sky = shine(sky, "#ffb060", glow(height, width, sun_y, sun_x, 0.22) * 0.6)
    sky = blend(sky, "#fff3c4", disc(height, width, sun_y, sun_x, rng.uniform(0.03, 0.07)))
    rows, columns = axes(height, width)
    depth = np.clip((rows - horizon) / (1 - horizon), 0, 1)
    sea = fade(height, width, [(0, low), (horizon, middle), (1, "#141a3a")])
    waves = noise(rng, height, width, (26, 5), 4)
    path = decay(((columns - sun_x) / (0.03 + 0.22 * depth)) ** 2) * (waves > 0.5)
    sea = shine(sea * (0.7 + 0.5 * waves[..., None]), "#ffc46b", soften(path, 0.003) * 0.8)
    canvas = blend(sky, sea, (rows > horizon).astype(np.float32))
    if rng.random() < 0.6:
        land = ridge(rng, width, horizon + 0.01, rng.uniform(0.05, 0.2), 2)
        side = np.linspace(-1, 1, width) * rng.choice([-1, 1])
        shore = np.where(side > rng.uniform(-0.2, 0.4), land, 2.0).astype(np.float32)
        canvas = blend(canvas, "#231a33", below(shore, height) * (rows < horizon + 0.01))
    return canvas


def paint_stormy_night(rng: Rng, height: int, width: int) -> Canvas:
    """Ragged clouds, lightning and bare trees."""
    canvas = fade(height, width, [(0, "#07080f"), (0.6, "#1c2436"), (1, "#0a0c12")])
    clouds = noise(rng, height, width, (4, 3), 6)
    canvas = canvas * (0.35 + 1.1 * clouds[..., None] ** 2)
    strike = rng.uniform(0.15, 0.85) * width / height
    points = [(0.0, strike)]
    while points[-1][0] < 0.78:
        y, x = points[-1]
        points.append((y + rng.uniform(0.02, 0.07), x + rng.normal(0, 0.035)))
    bolt = strokes(height, width, [points], 0.005)
    light = glow(height, width, 0.25, strike, 0.35) * clouds
    canvas = shine(canvas, "#6f7fb5", light * 0.8)
    canvas = shine(canvas, "#cfd8ff", soften(bolt, 0.012) * 1.6 + bolt)
    ground = ridge(rng, width, 0.86, rng.uniform(0.04, 0.14), 3)
    canvas = blend(canvas, "#030406", below(ground, height))
    for _ in range(rng.integers(1, 4)):
        x = rng.uniform(0.05, 0.95) * width / height
        canvas = blend(canvas, "#020203", _bare_tree(rng, height, width, 0.9, x))
    rain = noise(rng, height, width, (3, 160), 1) * noise(rng, height, width, (6, 6), 3)
    return shine(canvas, "#5a6580", np.clip(rain - 0.45, 0, 1) * 0.5)


def _bare_tree(
    rng: Rng, height: int, width: int, feet: float, x: float, trunk: float = 0.2
) -> np.ndarray:
    """A leafless tree; its trunk is `trunk` long, the whole about three times that."""
    levels: dict[int, list[Line]] = {}
    branches = [(0, feet, x, -np.pi / 2 + rng.normal(0, 0.08), trunk * rng.uniform(0.75, 1.2))]
    while branches:
        level, y0, x0, angle, length = branches.pop()
        y1, x1 = y0 + np.sin(angle) * length, x0 + np.cos(angle) * length
        levels.setdefault(level, []).append([(y0, x0), (y1, x1)])
        if level < 6:
            for side in (-1, 1):
                turn = side * rng.uniform(0.15, 0.65)
                branches.append((level + 1, y1, x1, angle + turn, length * rng.uniform(0.55, 0.8)))
    mask = np.zeros((height, width), dtype=np.float32)
    for level, lines in levels.items():
        mask = np.maximum(mask, strokes(height, width, lines, trunk * 0.1 * 0.65**level))
    return mask


def paint_blossom_meadow(rng: Rng, height: int, width: int) -> Canvas:
    """Grass full of flowers under a bright sky; the near flowers are large."""
    horizon = rng.uniform(0.25, 0.45)
    canvas = fade(height, width, [(0, "#5db4ee"), (horizon, "#d8f0fb"), (1, "#d8f0fb")])
    clouds = np.clip(noise(rng, height, width, (5, 3)) * 2.2 - 1.1, 0, 1)
    canvas = blend(canvas, "#ffffff", clouds * 0.9)
    hills = ridge(rng, width, horizon + 0.03, rng.uniform(0.03, 0.12), 2)
    canvas = blend(canvas, "#79b56c", below(hills, height))
    grass = fade(height, width, [(0, "#9ad05a"), (horizon, "#9ad05a"), (1, "#2f7d32")])
    blades = noise(rng, height, width, (14, 90), 3)
    grass = grass * (0.75 + 0.45 * blades[..., None])
    rows, _ = axes(height, width)
    canvas = blend(canvas, grass, np.clip((rows - horizon - 0.02) * 40, 0, 1))
    palettes = (
        ("#ffffff", "#ff6fae", "#ffd23f"),
        ("#e84545", "#ffb3c7", "#ffffff"),
        ("#8f5bd6", "#ffe066", "#ff9bd2"),
    )
    colours = palettes[rng.integers(len(palettes))]
    for y in np.sort(rng.uniform(horizon + 0.06, 1.02, rng.integers(50, 110))):
        near = (y - horizon) / (1 - horizon)
        canvas = _flower(
            rng,
            canvas,
            float(y),
            rng.uniform(0, width / height),
            0.006 + 0.042 * near**2,
            colours[rng.integers(len(colours))],
        )
    return canvas


def _flower(rng: Rng, canvas: Canvas, y: float, x: float, radius: float, colour: str) -> Canvas:
    """Paint a flower into its own small window of the canvas."""
    height = canvas.shape[0]
    reach = int(2.2 * radius * height) + 3
    top, left = max(0, int(y * height) - reach), max(0, int(x * height) - reach)
    window = canvas[top : int(y * height) + reach, left : int(x * height) + reach]
    if window.size == 0:
        return canvas
    rows, columns = np.mgrid[0 : window.shape[0], 0 : window.shape[1]].astype(np.float32)
    dy, dx = (rows + top) / height - y, (columns + left) / height - x
    away = length(dy, dx)
    distance = away / radius
    petals = 0.72 + 0.28 * _waves(dy, dx, away, int(rng.integers(5, 8)), rng.uniform(0, 6))
    shape = np.clip((petals - distance) * radius * height, 0, 1).astype(np.float32)
    heart = np.clip((0.28 - distance) * radius * height, 0, 1).astype(np.float32)
    shaded = blend(window * 1.0, colour, shape * (0.82 + 0.18 * np.clip(1 - distance, 0, 1)))
    window[:] = blend(shaded, "#f2b01e", heart)
    return canvas


def _waves(dy: Mask, dx: Mask, away: Mask, count: int, phase: float) -> Mask:
    """Return cos(count * angle + phase) of the vectors (dy, dx), which are `away` long.

    The angle is added by turning a vector `count` times.
    """
    away = np.maximum(away, 1e-6)
    down, across = dy / away, dx / away
    cosine, sine = np.full_like(dx, math.cos(phase)), np.full_like(dx, math.sin(phase))
    for _ in range(count):
        cosine, sine = cosine * across - sine * down, sine * across + cosine * down
    return cosine


def paint_snowy_mountain(rng: Rng, height: int, width: int) -> Canvas:
    """Ranges one behind the other, snow on the highest."""
    skies = (("#2a6fb8", "#cfe6f7"), ("#4b5f9e", "#f6d5c4"), ("#3f8fca", "#eef6fb"))
    top, low = skies[rng.integers(len(skies))]
    canvas = fade(height, width, [(0, top), (0.7, low), (1, low)])
    clouds = np.clip(noise(rng, height, width, (6, 2)) * 2 - 1.1, 0, 1)
    canvas = blend(canvas, "#ffffff", clouds * 0.6)
    relief = noise(rng, height, width, (7, 9), 6)
    rows, _ = axes(height, width)
    peak = ridge(rng, width, rng.uniform(0.6, 0.75), rng.uniform(0.35, 0.55), rng.uniform(1, 3))
    slope = relief - np.roll(relief, 6, axis=1)
    snow = np.clip(0.83 + slope * 5, 0.35, 1)[..., None] * np.array([0.95, 0.98, 1.0], np.float32)
    rock = np.clip(0.3 + slope * 4, 0.1, 0.6)[..., None] * np.array([0.8, 0.85, 1.0], np.float32)
    snow_line = np.clip((0.72 - rows + (relief - 0.5) * 0.5) * 8, 0, 1)
    canvas = blend(canvas, blend(rock, snow, snow_line), below(peak, height))
    for depth, colour in enumerate(("#5f7f8f", "#33564f", "#16302a")):
        line = ridge(rng, width, 0.84 + 0.07 * depth, rng.uniform(0.05, 0.16), 3 + 2 * depth)
        if depth > 0:
            line = line - np.abs(rng.normal(0, 0.008 * depth, width)).astype(np.float32)
        canvas = blend(canvas, colour, below(line, height))
    return canvas


def paint_cracked_earth(rng: Rng, height: int, width: int) -> Canvas:
    """Dry ground in plates, a leafless tree, dust in the air."""
    horizon = rng.uniform(0.22, 0.5)
    canvas = fade(height, width, [(0, "#b9a585"), (horizon, "#dccaa6"), (1, "#dccaa6")])
    rows, columns = axes(height, width)
    depth = np.clip((rows - horizon) / (1 - horizon), 0.02, 1)
    u, v = (columns - width / height / 2) / depth * 2.2, 1 / depth * 2.2
    gap = _plate_gap(rng.uniform((-7, 0), (7, 26), (420, 2)), u, v)
    grain = noise(rng, height, width, (20, 20), 4)
    ground = fade(height, width, [(0, "#b89a6b"), (horizon, "#b89a6b"), (1, "#7d5f3b")])
    ground = ground * (0.7 + 0.5 * grain[..., None])
    ground = blend(ground, "#2c1e12", np.clip(1 - gap / 0.16, 0, 1))
    canvas = blend(canvas, ground, np.clip((rows - horizon) * 60, 0, 1))
    x = rng.uniform(0.2, 0.8) * width / height
    canvas = blend(
        canvas, "#2b2118", _bare_tree(rng, height, width, horizon + 0.2, x, horizon * 0.45)
    )
    return blend(canvas, "#d9c7a0", glow(height, width, horizon, rng.uniform(0, 1.3), 0.3) * 0.5)


def _plate_gap(seeds: np.ndarray, u: Mask, v: Mask) -> Mask:
    """Distance to the second nearest seed minus that to the nearest: 0 on the edge of a plate."""
    from scipy.spatial import KDTree

    # Every other pixel suffices: the gap changes slowly and is smoothed when it is enlarged.
    half_u, half_v = u[::2, ::2], v[::2, ::2]
    points = np.stack([half_u.ravel(), half_v.ravel() * 1.4], axis=1)
    nearest, _ = KDTree(seeds * (1, 1.4)).query(points, k=2)
    gap = np.asarray(nearest[:, 1] - nearest[:, 0], dtype=np.float32).reshape(half_u.shape)
    return resize_linear(gap, *u.shape)


def paint_starry_sky(rng: Rng, height: int, width: int) -> Canvas:
    """The Milky Way over a dark ridge."""
    canvas = fade(height, width, [(0, "#050817"), (0.7, "#142450"), (1, "#2c3a63")])
    rows, columns = axes(height, width)
    angle = rng.uniform(-1.1, 1.1)
    middle = rng.uniform(0.3, 0.7) * width / height
    across = (columns - middle) * np.cos(angle) + (rows - 0.4) * np.sin(angle)
    dust = noise(rng, height, width, (5, 5), 6)
    band = decay((across / rng.uniform(0.12, 0.24)) ** 2) * (0.25 + dust)
    tint = ("#8a7bd0", "#6fa8dc", "#c58bb5")[rng.integers(3)]
    canvas = shine(canvas, tint, band * 0.6)
    canvas = canvas * (1 - 0.6 * np.clip(band * (dust < 0.42), 0, 1)[..., None])
    stars = np.zeros((height, width), dtype=np.float32)
    count = rng.integers(700, 1400)
    places = rng.integers(0, height, count), rng.integers(0, width, count)
    brightness = rng.random(count)
    stars[places] = brightness * brightness * brightness
    bright = np.where(stars > 0.85, stars, 0).astype(np.float32)
    canvas = shine(canvas, "#ffffff", stars + soften(bright, 0.004) * 9)
    line = ridge(rng, width, rng.uniform(0.85, 0.97), rng.uniform(0.06, 0.3), rng.uniform(1, 4))
    return blend(canvas, "#04060d", below(line, height))


def paint_calm_lake(rng: Rng, height: int, width: int) -> Canvas:
    """Still water that mirrors hills and sky."""
    shore = rng.uniform(0.42, 0.6)
    top, low = (("#7fb6d9", "#f3e3c8"), ("#9cc7c9", "#fbeedd"), ("#6d9fd0", "#dff0f5"))[
        rng.integers(3)
    ]
    canvas = fade(height, width, [(0, top), (shore, low), (1, low)])
    clouds = np.clip(noise(rng, height, width, (6, 2)) * 2 - 1.0, 0, 1)
    canvas = blend(canvas, "#ffffff", clouds * 0.7)
    for depth, colour in enumerate(("#8fa9b5", "#5f8577", "#2f5d46")):
        line = ridge(rng, width, shore + 0.004, rng.uniform(0.08, 0.3) / (depth + 1), 2 + depth)
        canvas = blend(canvas, colour, below(line, height))
    edge = int(shore * height)
    mirror = canvas[max(0, 2 * edge - height) : edge][::-1]
    mirror = np.concatenate([mirror, np.repeat(mirror[-1:], height, axis=0)])[: height - edge]
    ripples = (noise(rng, height - edge, width, (30, 4), 3) - 0.5) * 0.06
    water = soften(mirror.astype(np.float32), 0.006) * 0.86 + ripples[..., None]
    canvas[edge:] = water * np.array([0.92, 0.98, 1.02], np.float32)
    return canvas


def paint_lone_tree(rng: Rng, height: int, width: int) -> Canvas:
    """A leafless tree in fog."""
    grey = ("#9aa3a8", "#8d8f96", "#a5a096")[rng.integers(3)]
    canvas = fade(height, width, [(0, grey), (0.7, "#c4c8c8"), (1, "#7d8280")])
    for depth in range(3):
        line = ridge(rng, width, 0.72 + 0.1 * depth, rng.uniform(0.02, 0.12), 2)
        shade = ("#a9afaf", "#8b9191", "#5f6563")[depth]
        canvas = blend(canvas, shade, below(line, height) * 0.8)
    for _ in range(rng.integers(1, 5)):
        x = rng.uniform(0.15, 0.85) * width / height
        feet, trunk = rng.uniform(0.78, 0.97), rng.uniform(0.12, 0.26)
        tree = _bare_tree(rng, height, width, feet, x, trunk)
        canvas = blend(canvas, "#2e3132", tree * 0.9)
    fog = noise(rng, height, width, (4, 2), 4)
    return blend(canvas, "#cfd3d3", fog * 0.45)


def paint_ruin(rng: Rng, height: int, width: int) -> Canvas:
    """Broken walls with empty windows under a low sky."""
    canvas = fade(height, width, [(0, "#6d7279"), (0.7, "#b3aca0"), (1, "#8d867b")])
    clouds = noise(rng, height, width, (5, 3))
    canvas = canvas * (0.65 + 0.6 * clouds[..., None])
    bricks = noise(rng, height, width, (30, 20), 3)
    x = rng.uniform(-0.1, 0.1)
    while x < width / height:
        wide, top = rng.uniform(0.18, 0.42), rng.uniform(0.2, 0.62)
        steps = [(rng.uniform(top, top + 0.16), x + wide * t) for t in np.linspace(0, 1, 6)]
        wall = polygon(height, width, [(0.9, x), *steps, (0.9, x + wide)])
        tone = np.array([0.42, 0.38, 0.34], np.float32) * rng.uniform(0.6, 1.0)
        canvas = blend(canvas, tone * (0.6 + 0.7 * bricks[..., None]), wall)
        for y in np.arange(top + 0.2, 0.8, 0.17):
            hole = [
                (y, x + wide * 0.3),
                (y, x + wide * 0.6),
                (y + 0.09, x + wide * 0.6),
                (y + 0.09, x + wide * 0.3),
            ]
            canvas = blend(canvas, "#1a1817", polygon(height, width, hole))
        x += wide + rng.uniform(-0.05, 0.14)
    rubble = ridge(rng, width, 0.95, rng.uniform(0.08, 0.16), 12)
    return blend(
        canvas,
        (np.array([0.35, 0.32, 0.29], np.float32) * (0.5 + bricks[..., None])),
        below(rubble, height),
    )
