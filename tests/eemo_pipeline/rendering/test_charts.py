"""Charts are well-formed SVG whatever they are given, and hold the numbers they show."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.rendering.charts import (
    Point,
    draw_bars,
    draw_heat,
    draw_intervals,
    draw_lines,
    draw_plane,
    embed_chart,
)

NAMES = st.text(st.characters(codec="utf-8"), max_size=40)
NUMBERS = st.integers(-(10**9), 10**9).map(lambda number: number / 1000)


def read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 (our own)


def texts_of(svg: str) -> list[str]:
    return [part.text or "" for part in read(svg).iter() if part.tag == "text"]


@given(NAMES, st.lists(st.tuples(NAMES, st.none() | st.floats(0, 1e9)), max_size=6))
def test_any_name_is_text(title: str, rows: list[tuple[str, float | None]]):
    names, values = [name for name, _ in rows], [value for _, value in rows]
    for svg in (
        draw_bars(title, names, {"a": values, title: values}),
        draw_intervals(title, names, values, [(None, None)] * len(rows), (0, 1e9)),
        draw_heat(title, names, names, [values] * len(rows), [names] * len(rows)),
    ):
        read(svg)
        assert "<script" not in svg


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8))
def test_lines_stay_inside_their_axes(line: list[tuple[float, float]]):
    svg = read(draw_lines("a line", {"a": line}, ("x", "y")))
    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    for mark in svg.iter("circle"):
        assert 0 <= float(mark.attrib["cx"]) <= width
        assert 0 <= float(mark.attrib["cy"]) <= height


def test_bars_show_their_numbers():
    svg = draw_bars("Images", ["awe", "fear"], {"images": [1234, 0.12345]})
    assert {"awe", "fear", "1,234", "0.1235"} <= set(texts_of(svg))
    bars = [float(bar.attrib["width"]) for bar in read(svg).iter("rect")]
    assert bars[0] > 100 * bars[1]


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0.06"), (1.0, "1.0"), (None, "0")])
def test_a_cell_is_as_dark_as_its_shade(value: float | None, shown: str):
    svg = draw_heat("t", ["r"], ["c"], [[value]], [[""]])
    assert f'fill-opacity="{shown}"' in svg


def test_a_point_has_its_ellipse_and_its_arrow():
    point = Point(0.5, 0.5, "mean", spread=(0.1, 0.2), come_from=(0.1, 0.1), link="gallery")
    svg = draw_plane("plane", {"people": [point]}, ("x", "y"))
    root = read(svg)
    (ellipse,) = root.iter("ellipse")
    assert float(ellipse.attrib["ry"]) == pytest.approx(2 * float(ellipse.attrib["rx"]), abs=0.2)
    assert 'class="arrow"' in svg
    assert 'href="#gallery"' in svg
    embedded = embed_chart(svg, "a ] title")
    assert embedded.startswith("![")
    assert "data:image/svg+xml;base64," in embedded
