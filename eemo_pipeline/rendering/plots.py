"""Small plots and previews for the metadata of a table.

Dagster shows Markdown of fewer than 1,000 characters inline without a click, so every plot is
shorter than that. Values come from datasets and models: they are escaped, and no image of a dataset
is shown.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape

import polars as pl

INLINE_CHARACTERS = 1000
_PREVIEW_ROWS, _PREVIEW_COLUMNS, _CELL_CHARACTERS = 3, 7, 24
_CURVE_POINTS, _CURVE_PX = 40, 60
_MOST_POINTS = 1000
# Dark enough on white for text, and told apart in greyscale by the legend alone.
_COLOURS = (
    *("#a6611a", "#b2182b", "#2166ac", "#1b7837", "#6a3d9a", "#e08214", "#404040", "#35978f"),
)
_BAR_PX, _WIDTH_PX, _LABEL_PX = 15, 300, 118


def draw_counts(values: pl.Series, title: str) -> str:
    """Draw a bar per value, most frequent first, as an inline SVG in Markdown.

    As many bars as fit into INLINE_CHARACTERS, at most eight.
    """
    counts = (
        values.drop_nulls()
        .value_counts(sort=False)
        .sort(["count", values.name], descending=[True, False])
    )
    rows = [(str(value), int(count)) for value, count in counts.rows()]
    for shown in range(min(len(rows), 8), 0, -1):
        markdown = f"![{escape(title)}]({encode_svg(_bars(rows[:shown]))})"
        if len(markdown) < INLINE_CHARACTERS:
            return markdown
    return f"{len(rows)} distinct values"


def draw_small_bars(numbers: Mapping[str, float], title: str) -> str:
    """Draw a bar per number in their order, as an inline SVG in Markdown.

    As many of the first bars as fit into INLINE_CHARACTERS, at most twelve; negative numbers count
    as 0.
    """
    rows = [(f"{name[:20]} {_say_short(value)}", value) for name, value in numbers.items()]
    for shown in range(min(len(rows), 12), 0, -1):
        markdown = f"![{escape(title)}]({encode_svg(_compact_bars(rows[:shown]))})"
        if len(markdown) < INLINE_CHARACTERS:
            return markdown
    return escape(", ".join(label for label, _ in rows[:3])) or "no values"


def draw_curve(values: Sequence[float], title: str) -> str:
    """Draw values in their order as a line, with the first and the last in words, in Markdown.

    At most 40 of the values are drawn, evenly spaced, so that the Markdown is shown inline.
    """
    if not values:
        return "no values"
    step = max(1, -(-len(values) // _CURVE_POINTS))
    shown = [*values[::step], values[-1]] if (len(values) - 1) % step else list(values[::step])
    low, high = min(shown), max(shown)
    span = high - low or 1.0
    gap = _WIDTH_PX / max(1, len(shown) - 1)
    points = " ".join(
        f"{round(gap * place)},{round(_CURVE_PX * (high - value) / span) + 2}"
        for place, value in enumerate(shown)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_PX}" height="{_CURVE_PX + 4}" '
        f'fill="none" stroke="#4a90d9"><polyline points="{points}"/></svg>'
    )
    return f"![{escape(title)}]({encode_svg(svg)}) {values[0]:.4g} to {values[-1]:.4g}"


def draw_map(points: pl.DataFrame, title: str) -> str:
    """Draw a map as an inline SVG in Markdown: one mark per point, one colour per group, a legend.

    Args:
        points: x, y and group; at most a thousand rows are drawn.
        title: the alternative text.
    """
    shown = points.head(_MOST_POINTS)
    groups = shown["group"].unique().sort().to_list()
    colours = {group: _COLOURS[place % len(_COLOURS)] for place, group in enumerate(groups)}
    places = shown.select("x", "y").to_numpy()
    (low_x, low_y), spans = places.min(axis=0), places.max(axis=0) - places.min(axis=0)
    scale = _WIDTH_PX / (float(spans.max()) or 1.0)
    marks = "".join(
        f'<circle cx="{round((x - low_x) * scale) + 3}" cy="{round((y - low_y) * scale) + 3}" '
        f'r="2" fill="{colours[group]}"/>'
        for x, y, group in shown.select("x", "y", "group").iter_rows()
    )
    legend = "".join(
        f'<text x="{_WIDTH_PX + 12}" y="{14 * place + 12}" fill="{colours[group]}">'
        f"{escape(group)}</text>"
        for place, group in enumerate(groups)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_PX + _LABEL_PX}" '
        f'height="{_WIDTH_PX + 6}" font-size="11">{marks}{legend}</svg>'
    )
    return f"![{escape(title)}]({encode_svg(svg)})"


def draw_balance(strata: pl.DataFrame, title: str) -> str:
    """Draw available (grey) and selected (blue) counts per stratum as an inline SVG in Markdown.

    Args:
        strata: stratum, available_count and selected_count, in the order to be drawn.
        title: the alternative text.
    """
    most = max(1, int(strata["available_count"].max() or 0))  # pyright: ignore[reportArgumentType]
    width = max(2, min(24, _WIDTH_PX // max(1, strata.height)))
    height = 60

    def bars(column: str, colour: str) -> str:
        tops = [round(height * count / most) for count in strata[column]]
        path = "".join(f"M{width * no + width // 2} {height}v-{top}" for no, top in enumerate(tops))
        return f'<path d="{path}" stroke="{colour}"/>'

    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * strata.height}" '
        f'height="{height}" stroke-width="{width - 1}">'
        f"{bars('available_count', '#ccc')}{bars('selected_count', '#4a90d9')}</svg>"
    )
    shown = strata.select(
        pl.format("{} {}/{}", "stratum", "selected_count", "available_count")
    ).to_series()
    markdown = f"![{escape(title)}]({encode_svg(svg)})"
    return markdown if len(markdown) < INLINE_CHARACTERS else escape(", ".join(shown))


def preview_rows(
    frame: pl.DataFrame,
    rows: int = _PREVIEW_ROWS,
    columns: int = _PREVIEW_COLUMNS,
    characters: int = _CELL_CHARACTERS,
) -> str:
    """Return the first rows and columns as a Markdown table, values shortened and escaped."""
    part = frame.select(frame.columns[:columns]).head(rows)
    lines = ["|" + "|".join(part.columns) + "|", "|" + "-|" * part.width]
    lines += [
        "|" + "|".join(_cell(value, characters) for value in row) + "|" for row in part.rows()
    ]
    return "\n".join(lines)


def _bars(rows: list[tuple[str, int]]) -> str:
    most = max(count for _, count in rows)
    longest = _WIDTH_PX - _LABEL_PX - 40
    marks = "".join(
        f'<text y="{11 + _BAR_PX * no}">{escape(_visible(name[:18]))}</text>'
        f'<path d="M{_LABEL_PX} {7 + _BAR_PX * no}h{max(1, round(count / most * longest))}"/>'
        f'<text x="262" y="{11 + _BAR_PX * no}">{count}</text>'
        for no, (name, count) in enumerate(rows)
    )
    size = f'width="{_WIDTH_PX}" height="{_BAR_PX * len(rows)}"'
    style = "<style>path{stroke:#4a90d9;stroke-width:10}</style>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-size="11" fill="#777" '
        f'stroke-width="0">{style}{marks}</svg>'
    )


def _compact_bars(rows: list[tuple[str, float]]) -> str:
    most = max(max(value for _, value in rows), 1e-9)
    texts = "".join(
        f'<text y="{11 + 14 * no}">{escape(_visible(label))}</text>'
        for no, (label, _) in enumerate(rows)
    )
    path = "".join(
        f"M150 {7 + 14 * no}h{round(140 * max(value, 0) / most)}"
        for no, (_, value) in enumerate(rows)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="{14 * len(rows)}" '
        f'font-size="11" fill="#777">{texts}<path d="{path}" stroke="#4a90d9" stroke-width="9"/>'
        "</svg>"
    )


def _say_short(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:.3g}"


def encode_svg(svg: str) -> str:
    """Return an SVG as the address of an image in Markdown."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _visible(text: str) -> str:
    """Replace characters that neither XML nor a page can show."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _cell(value: object, characters: int) -> str:
    text = _visible(" ".join(str(value).split()))
    shortened = text if len(text) <= characters else text[: characters - 1] + "…"
    return escape(shortened).replace("|", "&#124;").replace("`", "&#96;").replace("[", "&#91;")
