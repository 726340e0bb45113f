"""Plots and previews: small enough to show, safe whatever the text."""

import base64
import re
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.rendering.plots import (
    INLINE_CHARACTERS,
    draw_counts,
    draw_curve,
    draw_map,
    draw_small_bars,
    preview_rows,
)

HOSTILE = (
    "<script>alert('1')</script> & \"x\" | `y` ![z](http://example.com/z.png)\n\x00\x1b]0;t\x07"
)


def svg_of(markdown: str) -> str:
    encoded = re.fullmatch(r"!\[.*\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert encoded is not None, markdown
    return base64.b64decode(encoded[1]).decode()


def texts_of(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own SVG; the parser is the test)
    return [element.text or "" for element in root.iter() if element.tag.endswith("text")]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(max_size=40), st.floats(-1e9, 1e9), max_size=20))
def test_small_bars_are_shown_inline_whatever_the_names(numbers: dict[str, float]) -> None:
    markdown = draw_small_bars(numbers, "images by emotion")
    assert len(markdown) < INLINE_CHARACTERS
    if numbers:
        assert texts_of(svg_of(markdown))


def test_eight_emotions_with_their_numbers_fit() -> None:
    names = ("amusement", "anger", "awe", "contentment", "disgust", "excitement", "fear", "sadness")
    svg = svg_of(draw_small_bars(dict(zip(names, range(90_000, 98_000, 1_000), strict=True)), "by"))
    assert texts_of(svg)[::7] == ["amusement 90,000", "sadness 97,000"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=60))
def test_a_plot_is_small_and_well_formed_whatever_the_values(values: list[str]) -> None:
    markdown = draw_counts(pl.Series("emotion", values), "labels__emotions by emotion")
    assert len(markdown) < INLINE_CHARACTERS
    assert "\n" not in markdown
    assert texts_of(svg_of(markdown))


def test_the_most_frequent_value_comes_first_with_its_count() -> None:
    values = ["joy"] * 30 + ["fear"] * 12 + ["awe"] * 12 + [None] * 5
    texts = texts_of(svg_of(draw_counts(pl.Series("emotion", values), "by emotion")))
    assert texts == ["joy", "30", "awe", "12", "fear", "12"]


def test_the_longest_bar_is_the_largest_count() -> None:
    svg = svg_of(draw_counts(pl.Series("x", ["a"] * 100 + ["b"] * 50 + ["c"]), "by x"))
    lengths = [int(length) for length in re.findall(r"h(\d+)\"", svg)]
    assert lengths[0] == 2 * lengths[1] > 2 * lengths[2] > 0


def test_the_order_of_rows_is_nothing() -> None:
    values = ["a", "b", "b", "c"] * 3
    plots = {draw_counts(pl.Series("x", v), "by x") for v in (values, values[::-1], sorted(values))}
    assert len(plots) == 1


def test_hostile_text_is_text() -> None:
    svg = svg_of(draw_counts(pl.Series("x", [HOSTILE] * 3), "by x"))
    assert "<script" not in svg
    assert texts_of(svg)[0].startswith("<script>alert")


def test_no_values_are_told_in_words() -> None:
    nothing = draw_counts(pl.Series("x", [None], dtype=pl.String), "by x")
    assert nothing == "0 distinct values"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=5))
def test_a_preview_is_a_table_whatever_the_values(rows: list[tuple[str, str]]) -> None:
    frame = pl.DataFrame(rows, schema={"first": pl.String, "second": pl.String}, orient="row")
    lines = preview_rows(frame).split("\n")
    assert lines[:2] == ["|first|second|", "|-|-|"]
    assert len(lines) == 2 + min(len(rows), 3)
    for line in lines[2:]:
        assert len(line.splitlines()) == 1
        assert line.count("|") == 3
        assert not set("<>`[") & set(line)


@pytest.mark.parametrize("value", [HOSTILE, [HOSTILE, "b"], None, 1.5, {"a": HOSTILE}])
def test_a_preview_takes_values_of_any_type(value: object) -> None:
    told = preview_rows(pl.DataFrame({"x": [value]}))
    assert "<script" not in told
    assert "![" not in told
    assert "\x1b" not in told
    assert "\x00" not in told


def test_a_curve_is_inline_however_long_it_is_and_names_its_ends() -> None:
    values = [2.0 - place / 5000 for place in range(5000)]
    drawn = draw_curve(values, "loss <script>")
    assert len(drawn) < INLINE_CHARACTERS
    assert drawn.endswith(" 2 to 1")
    assert "<script>" not in drawn
    assert draw_curve([1.5], "one").endswith(" 1.5 to 1.5")
    assert draw_curve([], "none") == "no values"


def test_a_map_has_a_mark_per_point_and_a_name_per_group() -> None:
    points = pl.DataFrame(
        {"x": [0.0, 2.0, 1.0], "y": [0.0, 1.0, 1.0], "group": ["a", "b", HOSTILE]}
    )
    svg = svg_of(draw_map(points, "map"))
    assert svg.count("<circle") == 3
    assert svg.count("<text") == 3
    assert "<script" not in svg
    assert draw_map(points.head(1), "one point")
