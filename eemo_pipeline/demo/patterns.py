"""Scenes of fire, man-made things, decay and abstract form, painted by code.

One function per family, from a random generator and a size to a canvas. The emotion profiles of the
scenes are in `affect.py`.
"""

import colorsys

import numpy as np

from eemo_pipeline.demo.canvas import (
    Canvas,
    axes,
    blend,
    disc,
    fade,
    glow,
    length,
    noise,
    polygon,
    shine,
    soften,
    strokes,
)
from eemo_pipeline.demo.filters import decay

Rng = np.random.Generator


def paint_fire(rng: Rng, height: int, width: int) -> Canvas:
    """Flames that rise from the bottom edge, with sparks."""
    rows, columns = axes(height, width)
    turbulence = noise(rng, height, width, (3, 8), 6)
    waver = columns + (turbulence - 0.5) * 0.35 * (1 - rows)
    flames = np.zeros((height, width), dtype=np.float32)
    for _ in range(rng.integers(3, 8)):
        x, wide = rng.uniform(0.05, 0.95) * width / height, rng.uniform(0.07, 0.22)
        tall = rng.uniform(0.35, 0.95)
        rise = np.clip((rows - (1 - tall)) / tall, 0, 1)
        flames += decay(((waver - x) / (wide * (0.25 + rise))) ** 2) * rise * np.sqrt(np.sqrt(rise))
    heat = np.clip(flames * (0.45 + turbulence), 0, 1.6)
    canvas = np.zeros((height, width, 3), dtype=np.float32) + np.float32(0.02)
    canvas += np.stack(
        [heat * 1.25, np.clip(heat - 0.3, 0, 2) * 0.95, np.clip(heat - 0.95, 0, 2) * 0.8], axis=-1
    )
    sparks = np.zeros((height, width), dtype=np.float32)
    count = rng.integers(60, 200)
    sparks[rng.integers(0, height, count), rng.integers(0, width, count)] = rng.random(count)
    return shine(canvas, "#ffae42", soften(sparks, 0.003) * 6)


def paint_dark_corridor(rng: Rng, height: int, width: int) -> Canvas:
    """A passage that narrows towards a faint light, doors on both sides."""
    y0, x0 = rng.uniform(0.38, 0.58), rng.uniform(0.3, 0.7) * width / height
    rows, columns = axes(height, width)
    depth = np.maximum(np.abs(rows - y0) / 0.5, np.abs(columns - x0) / (width / height / 2))
    damp = noise(rng, height, width, (6, 6), 6)
    base = ("#5d6b5f", "#6b5f55", "#52606b")[rng.integers(3)]
    canvas = blend(
        np.zeros((height, width, 3), np.float32), base, np.clip(depth * 1.6 + 0.15, 0, 1)
    )
    canvas = canvas * (0.35 + 1.1 * damp[..., None]) * np.clip(1.3 - depth, 0.2, 1)[..., None]
    is_floor = (rows - y0) / 0.5 > np.abs(columns - x0) / (width / height / 2)
    canvas = np.where(is_floor[..., None], canvas * 0.55, canvas)
    for scale in (0.16, 0.3, 0.55, 0.95):
        for side in (-1, 1):
            if rng.random() < 0.7:
                near, far = scale, scale * 0.72
                half = side * width / height / 2
                door = [
                    (y0 - 0.2 * far, x0 + half * far),
                    (y0 - 0.2 * near, x0 + half * near),
                    (y0 + 0.5 * near, x0 + half * near),
                    (y0 + 0.5 * far, x0 + half * far),
                ]
                canvas = blend(canvas, "#050505", polygon(height, width, door) * 0.85)
    light = ("#d8e2c0", "#c9b07a", "#a9c4d6")[rng.integers(3)]
    canvas = shine(canvas, light, glow(height, width, y0, x0, 0.1) * rng.uniform(0.4, 0.9))
    end = [
        (y0 - 0.06, x0 - 0.04),
        (y0 - 0.06, x0 + 0.04),
        (y0 + 0.07, x0 + 0.04),
        (y0 + 0.07, x0 - 0.04),
    ]
    return blend(canvas, light, polygon(height, width, end) * 0.7)


def paint_balloons(rng: Rng, height: int, width: int) -> Canvas:
    """Balloons on strings in front of a light wall, with confetti."""
    wall = (("#fdf1d6", "#f9c9b6"), ("#d9f2ff", "#a9dcf5"), ("#fff5f8", "#f7cbe0"))[rng.integers(3)]
    canvas = fade(height, width, [(0, wall[0]), (1, wall[1])])
    colours = ("#e63946", "#ffb703", "#2a9d8f", "#3a86ff", "#ff66b3", "#8ac926", "#8338ec")
    for colour in colours:
        strips = []
        for _ in range(rng.integers(8, 20)):
            y, x, turn = rng.random(), rng.random() * width / height, rng.uniform(0, np.pi)
            strips.append([(y, x), (y + np.sin(turn) * 0.012, x + np.cos(turn) * 0.012)])
        canvas = blend(canvas, colour, strokes(height, width, strips, 0.008) * 0.85)
    rows, columns = axes(height, width)
    for _ in range(rng.integers(5, 13)):
        y, x = rng.uniform(0.12, 0.62), rng.uniform(0.05, 0.95) * width / height
        radius = rng.uniform(0.07, 0.15)
        sway = rng.normal(0, 0.05)
        tail = [(y + radius, x), (y + 0.25, x + sway), (1.05, x + sway * 2)]
        canvas = blend(canvas, "#6b5b53", strokes(height, width, [tail], 0.003))
        distance = length((rows - y) * 0.86, columns - x) / radius
        shape = np.clip((1 - distance) * radius * height / 2 + 0.5, 0, 1)
        canvas = blend(canvas, colours[rng.integers(len(colours))], shape * 0.96)
        inside = np.clip(distance, 0, 1)
        canvas = canvas * (1 - 0.3 * (shape * inside * inside * inside))[..., None]
        shine_spot = glow(height, width, y - radius * 0.4, x - radius * 0.35, radius * 0.18)
        canvas = shine(canvas, "#ffffff", shine_spot * 0.75)
    return canvas


def paint_mould(rng: Rng, height: int, width: int) -> Canvas:
    """Slime and mould in spots on a wet ground."""
    ground = (("#5b5a2c", "#8a8a3f"), ("#4a4a33", "#7b6a3c"), ("#3f4a2a", "#8f9a55"))[
        rng.integers(3)
    ]
    texture = noise(rng, height, width, (6, 6), 6)
    canvas = blend(fade(height, width, [(0, ground[0]), (1, ground[0])]), ground[1], texture)
    fur = noise(rng, height, width, (60, 60), 2)
    rows, columns = axes(height, width)
    for _ in range(rng.integers(12, 30)):
        y, x = rng.random(), rng.random() * width / height
        radius = rng.uniform(0.03, 0.16)
        distance = length(rows - y, columns - x) + (texture - 0.5) * 0.1
        spot = np.clip((radius - distance) / radius * 2.2, 0, 1)
        tone = ("#c7cf9a", "#2f3a1c", "#9fb08f", "#6d2f24", "#d9d3a0")[rng.integers(5)]
        canvas = blend(canvas, tone, spot * (0.45 + 0.5 * fur))
        rim = decay(((distance - radius) / 0.008) ** 2)
        canvas = blend(canvas, "#20240f", rim * 0.6)
    wet = np.clip(noise(rng, height, width, (14, 14), 4) - 0.72, 0, 1) * 3
    return shine(canvas, "#dfe8b0", wet * 0.5)


def paint_fireworks(rng: Rng, height: int, width: int) -> Canvas:
    """Bursts of light over a dark town."""
    canvas = fade(height, width, [(0, "#070a1e"), (0.8, "#1c1c44"), (1, "#2a1d3d")])
    for _ in range(rng.integers(3, 8)):
        y, x = rng.uniform(0.1, 0.55), rng.uniform(0.1, 0.9) * width / height
        hue, reach = rng.random(), rng.uniform(0.12, 0.28)
        red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.55, 1))
        rays = []
        for angle in np.linspace(0, 2 * np.pi, rng.integers(26, 46), endpoint=False):
            length = reach * rng.uniform(0.75, 1.05)
            rays.append(
                [
                    (y + np.sin(angle) * length * t + 0.06 * t * t, x + np.cos(angle) * length * t)
                    for t in np.linspace(0.15, 1, 6)
                ]
            )
        burst = strokes(height, width, rays, 0.003)
        colour = f"#{red:02x}{green:02x}{blue:02x}"
        canvas = shine(canvas, colour, burst * 0.9 + soften(burst, 0.012) * 0.9)
        canvas = shine(canvas, colour, glow(height, width, y, x, reach * 0.5) * 0.35)
    return _skyline(rng, canvas, 0.16, "#05050c")


def paint_city_night(rng: Rng, height: int, width: int) -> Canvas:
    """Towers with lit windows at dusk."""
    glowing = rng.uniform(0.55, 0.9)
    canvas = fade(
        height,
        width,
        [(0, "#13234f"), (glowing * 0.7, "#7a4f86"), (glowing, "#f0a35e"), (1, "#20182c")],
    )
    canvas = _skyline(rng, canvas, rng.uniform(0.5, 0.95), "#3a3458")
    return _skyline(rng, canvas, rng.uniform(0.25, 0.6), "#141225")


def _skyline(rng: Rng, canvas: Canvas, tallest: float, colour: str) -> Canvas:
    height, width = canvas.shape[:2]
    x = rng.uniform(-0.05, 0)
    while x < width / height:
        wide, top = rng.uniform(0.05, 0.16), 1 - tallest * rng.uniform(0.35, 1)
        tower = polygon(height, width, [(1.02, x), (top, x), (top, x + wide), (1.02, x + wide)])
        canvas = blend(canvas, colour, tower)
        lit = rng.random((60, 12)) < rng.uniform(0.15, 0.5)
        for i, y in enumerate(np.arange(top + 0.03, 0.98, 0.028)):
            for j, left in enumerate(np.arange(x + 0.012, x + wide - 0.014, 0.02)):
                if lit[i % 60, j % 12]:
                    rows = slice(int(y * height), int((y + 0.012) * height) + 1)
                    columns = slice(
                        max(0, int(left * height)), max(0, int((left + 0.009) * height) + 1)
                    )
                    canvas[rows, columns] = np.array([1.0, 0.85, 0.5], np.float32) * 0.9
        x += wide + rng.uniform(-0.01, 0.03)
    return canvas


def paint_geometry(rng: Rng, height: int, width: int) -> Canvas:
    """Discs, bars and triangles in a few colours."""
    palettes = (
        ("#f4f1de", "#e07a5f", "#3d405b", "#81b29a", "#f2cc8f"),
        ("#fefae0", "#d62828", "#003049", "#fcbf49", "#f77f00"),
        ("#edf2f4", "#2b2d42", "#8d99ae", "#ef233c", "#ffd166"),
        ("#101418", "#06d6a0", "#ef476f", "#ffd166", "#118ab2"),
    )
    palette = palettes[rng.integers(len(palettes))]
    canvas = fade(height, width, [(0, palette[0]), (1, palette[0])])
    for _ in range(rng.integers(6, 15)):
        colour = palette[rng.integers(1, len(palette))]
        y, x, size = rng.random(), rng.random() * width / height, rng.uniform(0.08, 0.34)
        kind = rng.integers(4)
        if kind == 0:
            mask = disc(height, width, y, x, size)
        elif kind == 1:
            inner = disc(height, width, y, x, size * 0.7)
            mask = disc(height, width, y, x, size) - inner
        else:
            corners = 3 if kind == 2 else 4
            turns = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 2)
            mask = polygon(
                height, width, [(y + size * np.sin(t), x + size * np.cos(t)) for t in turns]
            )
        canvas = blend(canvas, colour, mask * rng.uniform(0.75, 1))
    return canvas


def paint_rain_window(rng: Rng, height: int, width: int) -> Canvas:
    """Drops on a pane, blurred grey light behind."""
    canvas = fade(height, width, [(0, "#6f7c88"), (0.6, "#4c5864"), (1, "#2f3942")])
    canvas = canvas * (0.6 + 0.6 * noise(rng, height, width, (3, 4), 3)[..., None])
    for _ in range(rng.integers(2, 7)):
        lamp = glow(height, width, rng.uniform(0.3, 0.9), rng.uniform(0, width / height), 0.06)
        canvas = shine(canvas, ("#d9a35b", "#9fb6c9", "#c9524a")[rng.integers(3)], lamp * 0.4)
    canvas = _drops(rng, canvas)
    frame = np.zeros((height, width), dtype=np.float32)
    frame[:, int(rng.uniform(0.3, 0.7) * width) :][:, : int(0.03 * height)] = 1
    frame[int(rng.uniform(0.35, 0.65) * height) :][: int(0.03 * height)] = 1
    return blend(canvas, "#15181b", frame)


def _drops(rng: Rng, canvas: Canvas) -> Canvas:
    """Drops, light below and dark above, and the streaks that some leave."""
    height, width = canvas.shape[:2]
    rows, columns = axes(height, width)
    streaks = []
    for _ in range(rng.integers(60, 160)):
        y, x, radius = rng.random(), rng.random() * width / height, rng.uniform(0.004, 0.022)
        place = (
            slice(max(0, int((y - 0.03) * height)), int((y + 0.03) * height) + 1),
            slice(max(0, int((x - 0.03) * height)), int((x + 0.03) * height) + 1),
        )
        drop = (radius - length(rows[place] - y, columns[place] - x)) * height
        light = np.clip((rows[place] - y) / radius, -1, 1)
        canvas[place] += (np.clip(drop, 0, 1) * light * 0.3)[..., None]
        if rng.random() < 0.2:
            streaks.append([(y, x), (y - rng.uniform(0.1, 0.4), x + 0.005)])
    if streaks:
        trails = soften(strokes(height, width, streaks, 0.004), 0.003)
        canvas = shine(canvas, "#aab7c2", trails * 0.25)
    return canvas


def paint_shards(rng: Rng, height: int, width: int) -> Canvas:
    """Red and black splinters that burst from a point."""
    y, x = rng.uniform(0.25, 0.75), rng.uniform(0.25, 0.75) * width / height
    canvas = fade(height, width, [(0, "#2a0204"), (1, "#120103")])
    canvas = shine(canvas, "#c1121f", glow(height, width, y, x, rng.uniform(0.25, 0.45)) * 0.9)
    for angle in rng.uniform(0, 2 * np.pi, rng.integers(24, 50)):
        near, far = rng.uniform(0.02, 0.15), rng.uniform(0.3, 1.1)
        half = rng.uniform(0.01, 0.07)
        points = [
            (y + np.sin(angle) * near, x + np.cos(angle) * near),
            (y + np.sin(angle + half) * far * 0.6, x + np.cos(angle + half) * far * 0.6),
            (y + np.sin(angle) * far, x + np.cos(angle) * far),
        ]
        tone = ("#e01e37", "#0a0000", "#ff4d2e", "#85182a", "#000000")[rng.integers(5)]
        canvas = blend(canvas, tone, polygon(height, width, points) * 0.9)
    scratches = np.clip(noise(rng, height, width, (50, 4), 3) - 0.62, 0, 1)
    return blend(canvas, "#000000", scratches * 1.5)
