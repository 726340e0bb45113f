"""Charts as SVG, for pages: bars, intervals, heat maps, points on a plane, and lines.

A chart takes its colours from the page's style sheet, so it is dark or light with the page, and
needs no script. The small plots of Dagster's metadata are in `plots.py`. Names come from datasets
and models: they are escaped and shortened. Coordinates are whole or rounded, so that the same
numbers give the same bytes.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_ROW_PX, _LABEL_PX, _NUMBER_PX, _WIDTH_PX, _TITLE_PX = 22, 230, 66, 608, 22
_TURNED_PX = 60  # beside a heat map, for the last of its turned names
_LONGEST_LABEL = 36
_PLANE_PX, _MARGIN_PX = 340, 46
_SERIES = 6  # colours of the style sheet
Numbers = Sequence[float | None]
_Place = Callable[[float, float], tuple[float, float]]
_Spans = tuple[tuple[float, float], tuple[float, float]]
# Of a chart outside of a page: readable on white and on black.
_FIXED = (
    "svg{font:12px sans-serif;fill:#888}.grid{stroke:#8884;fill:none}.heat{fill:#4a90d9}"
    ".interval,.l0{stroke:#4a90d9}.middle{text-anchor:middle}.end{text-anchor:end}"
    ".arrow,.start,.reference{stroke:#888;fill:none}.spread,.line{fill:none}"
    ".s0{fill:#4a90d9}.s1{fill:#d9822b}.s2{fill:#3fa45b}.s3{fill:#a45fb5}.s4{fill:#b8992b}"
    ".s5{fill:#888}.l1{stroke:#d9822b}.l2{stroke:#3fa45b}.l3{stroke:#a45fb5}.l4{stroke:#b8992b}"
)


@dataclass(frozen=True)
class Point:
    """A mark on a plane.

    Attributes:
        x, y: its place in the units of the axes.
        title: what a pointer over it is told.
        label: the text beside it, empty for none.
        radius: of the mark, in px.
        opacity: of the mark, 0 to 1.
        spread: half axes of an ellipse around it, in the units of the axes.
        reach: half widths of its intervals, drawn as a cross, in the units of the axes.
        come_from: where an arrow to it begins.
        link: the anchor on the page to which it leads.
    """

    x: float
    y: float
    title: str
    label: str = ""
    radius: float = 4
    opacity: float = 1
    spread: tuple[float, float] | None = None
    reach: tuple[float, float] | None = None
    come_from: tuple[float, float] | None = None
    link: str = ""


def draw_bars(title: str, labels: Sequence[str], series: Mapping[str, Numbers]) -> str:
    """Draw one group of bars per label, one bar per series, with its number at its end."""
    names = list(series)
    most = max((value for values in series.values() for value in values if value), default=1)
    group = _ROW_PX + 14 * (len(names) - 1)
    marks: list[str] = [_legend(names)] if len(names) > 1 else []
    top = 26 if len(names) > 1 else 4
    room = _WIDTH_PX - _LABEL_PX - _NUMBER_PX
    for place, label in enumerate(labels):
        y = top + place * (group + 4)
        marks.append(_label(label, y + group / 2 + 4))
        for no, name in enumerate(names):
            value = series[name][place]
            if value is None:
                continue
            length = max(1.0, round(room * value / most, 1)) if value else 0
            height = _ROW_PX - 8 if len(names) == 1 else 12
            told = (
                f"{label}, {name}: {_say(value)}" if len(names) > 1 else f"{label}: {_say(value)}"
            )
            marks.append(
                f'<rect class="s{no % _SERIES}" x="{_LABEL_PX}" y="{y + 4 + 14 * no}" '
                f'width="{length}" height="{height}"><title>{_text(told)}</title></rect>'
                f'<text x="{_LABEL_PX + length + 5}" y="{y + 14 + 14 * no}">{_say(value)}</text>'
            )
    return _svg(title, _WIDTH_PX, top + len(labels) * (group + 4) + 4, marks)


def draw_intervals(
    title: str,
    labels: Sequence[str],
    values: Numbers,
    bounds: Sequence[tuple[float | None, float | None]],
    span: tuple[float, float] = (0, 1),
    reference: float | None = None,
) -> str:
    """Draw one dot per label with its interval as a line; `reference` is a dashed line."""
    low, high = span
    room = _WIDTH_PX - _LABEL_PX - _NUMBER_PX

    def across(value: float) -> float:
        return round(_LABEL_PX + room * (min(max(value, low), high) - low) / (high - low), 1)

    height = len(labels) * _ROW_PX + 8
    marks = [_grid_column(across(tick), height, tick) for tick in _ticks(low, high)]
    if reference is not None:
        marks.append(
            f'<path class="reference" d="M{across(reference)} 4V{height}">'
            f"<title>{_say(reference)}</title></path>"
        )
    for place, (label, value, (lower, upper)) in enumerate(
        zip(labels, values, bounds, strict=True)
    ):
        y = place * _ROW_PX + 15
        marks.append(_label(label, y + 4))
        if value is None:
            marks.append(f'<text class="quiet" x="{_LABEL_PX + 6}" y="{y + 4}">too few</text>')
            continue
        told = f"{label}: {_say(value)}"
        if lower is not None and upper is not None:
            told += f", 95 % interval {_say(lower)} to {_say(upper)}"
            marks.append(f'<path class="interval" d="M{across(lower)} {y}H{across(upper)}"/>')
        marks.append(
            f'<circle class="s0" cx="{across(value)}" cy="{y}" r="5">'
            f"<title>{_text(told)}</title></circle>"
            f'<text x="{_WIDTH_PX - _NUMBER_PX + 8}" y="{y + 4}">{_say(value)}</text>'
        )
    return _svg(title, _WIDTH_PX, height + 20, marks)


def draw_heat(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    shades: Sequence[Numbers],
    texts: Sequence[Sequence[str]],
) -> str:
    """Draw a grid of cells, the darker the larger the shade (0 to 1), each with its text."""
    room = _WIDTH_PX - _LABEL_PX - _TURNED_PX
    cell = max(34, min(64, room // max(1, len(columns))))
    top = 78
    marks = [
        f'<text class="turned" transform="translate({_LABEL_PX + cell * no + cell / 2 + 4},'
        f'{top - 6}) rotate(-40)">{_text(_shorten(name, 16))}</text>'
        for no, name in enumerate(columns)
    ]
    for place, row in enumerate(rows):
        y = top + place * 24
        marks.append(_label(row, y + 16))
        for no, column in enumerate(columns):
            shade = shades[place][no]
            x = _LABEL_PX + cell * no
            opacity = 0 if shade is None else round(0.06 + 0.94 * min(max(shade, 0), 1), 2)
            told = f"{row}, {column}: {texts[place][no] or 'none'}"
            marks.append(
                f'<rect class="heat" x="{x}" y="{y}" width="{cell - 2}" height="22" '
                f'fill-opacity="{opacity}"><title>{_text(told)}</title></rect>'
                f'<text class="middle" x="{x + cell / 2 - 1}" y="{y + 15}">'
                f"{_text(texts[place][no])}</text>"
            )
    width = max(_LABEL_PX + cell * len(columns) + _TURNED_PX, 320)
    return _svg(title, width, top + 24 * len(rows) + 4, marks)


def draw_plane(
    title: str,
    points: Mapping[str, Sequence[Point]],
    axes: tuple[str, str],
    spans: _Spans = ((0, 1), (0, 1)),
) -> str:
    """Draw points on a plane with two axes, a colour per series; y grows upwards."""
    place = _placing(spans)
    marks = _plane_grid(place, axes, spans)
    for no, (name, of_series) in enumerate(points.items()):
        marks += [_mark(point, place, no, name) for point in of_series]
    if len(points) > 1:
        marks.append(_legend(list(points), 8 + _PLANE_PX + 46, _MARGIN_PX))
    height = 8 + _PLANE_PX + (66 if len(points) > 1 else 42)
    return _svg(title, _MARGIN_PX + _PLANE_PX + 90, height, marks)


def draw_lines(
    title: str, lines: Mapping[str, Sequence[tuple[float, float]]], axes: tuple[str, str]
) -> str:
    """Draw one line per series through its points, in their order; axes from the smallest value."""
    every = [point for line in lines.values() for point in line]
    spans = (_span([x for x, _ in every]), _span([y for _, y in every], from_zero=True))
    place = _placing(spans)
    marks = _plane_grid(place, axes, spans)
    for no, (name, line) in enumerate(lines.items()):
        path = "L".join("{} {}".format(*place(x, y)) for x, y in line)
        marks.append(f'<path class="line l{no % _SERIES}" d="M{path}"/>')
        marks += [
            '<circle class="s{}" cx="{}" cy="{}" r="3"><title>{}</title></circle>'.format(
                no % _SERIES, *place(x, y), _text(f"{name}: {_say(x)}, {_say(y)}")
            )
            for x, y in line
        ]
    if len(lines) > 1:
        marks.append(_legend(list(lines), 8 + _PLANE_PX + 46, _MARGIN_PX))
    height = 8 + _PLANE_PX + (66 if len(lines) > 1 else 42)
    return _svg(title, _MARGIN_PX + _PLANE_PX + 90, height, marks)


def embed_chart(svg: str, title: str) -> str:
    """Return a chart as an image in Markdown, with colours of its own and without its links.

    Dagster shows it in a dialog; what it shows at once is in `plots.py`.
    """
    plain = re.sub(r"</?a\b[^>]*>|<title>.*?</title>", "", svg)
    opened = plain.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    styled = opened.replace(">", f"><style>{_FIXED}</style>", 1)
    content = base64.b64encode(styled.encode()).decode()
    return f"![{escape(title)}](data:image/svg+xml;base64,{content})"


def _mark(point: Point, place: _Place, series: int, name: str) -> str:
    x, y = place(point.x, point.y)
    parts: list[str] = []
    if point.spread is not None:
        right, above = place(point.x + point.spread[0], point.y + point.spread[1])
        parts.append(
            f'<ellipse class="spread l{series % _SERIES}" cx="{x}" cy="{y}" '
            f'rx="{round(abs(right - x), 1)}" ry="{round(abs(y - above), 1)}"/>'
        )
    if point.reach is not None:
        left, above = place(point.x - point.reach[0], point.y + point.reach[1])
        right, below = place(point.x + point.reach[0], point.y - point.reach[1])
        parts.append(
            f'<path class="interval l{series % _SERIES}" '
            f'd="M{left} {y}H{right}M{x} {above}V{below}"/>'
        )
    if point.come_from is not None:
        from_x, from_y = place(*point.come_from)
        parts.append(f'<path class="arrow" d="M{from_x} {from_y}L{x} {y}"/>')
        parts.append(f'<circle class="start" cx="{from_x}" cy="{from_y}" r="3"/>')
    told = point.title or name
    parts.append(
        f'<circle class="s{series % _SERIES}" cx="{x}" cy="{y}" r="{round(point.radius, 1)}" '
        f'fill-opacity="{round(point.opacity, 2)}"><title>{_text(told)}</title></circle>'
    )
    if point.label:
        parts.append(f'<text x="{x + point.radius + 3}" y="{y + 4}">{_text(point.label)}</text>')
    drawn = "".join(parts)
    return f'<a href="#{escape(point.link)}">{drawn}</a>' if point.link else drawn


def _placing(spans: _Spans) -> _Place:
    """Return what gives the px of a point on the plane; y grows upwards."""
    (low_x, high_x), (low_y, high_y) = spans

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            round(_MARGIN_PX + _PLANE_PX * (x - low_x) / (high_x - low_x), 1),
            round(8 + _PLANE_PX * (high_y - y) / (high_y - low_y), 1),
        )

    return place


def _plane_grid(place: _Place, axes: tuple[str, str], spans: _Spans) -> list[str]:
    (low_x, high_x), (low_y, high_y) = spans
    marks: list[str] = []
    for tick in _ticks(low_x, high_x):
        x, bottom = place(tick, low_y)
        marks.append(f'<path class="grid" d="M{x} 8V{bottom}"/>')
        marks.append(f'<text class="middle quiet" x="{x}" y="{bottom + 15}">{_say(tick)}</text>')
    for tick in _ticks(low_y, high_y):
        left, y = place(low_x, tick)
        marks.append(f'<path class="grid" d="M{left} {y}h{_PLANE_PX}"/>')
        marks.append(f'<text class="end quiet" x="{left - 6}" y="{y + 4}">{_say(tick)}</text>')
    middle = _MARGIN_PX + _PLANE_PX / 2
    marks.append(f'<text class="middle" x="{middle}" y="{_PLANE_PX + 38}">{_text(axes[0])}</text>')
    marks.append(
        f'<text class="middle" transform="translate(11,{8 + _PLANE_PX / 2}) rotate(-90)">'
        f"{_text(axes[1])}</text>"
    )
    return marks


def _grid_column(x: float, height: float, tick: float) -> str:
    return (
        f'<path class="grid" d="M{x} 4V{height}"/>'
        f'<text class="middle quiet" x="{x}" y="{height + 14}">{_say(tick)}</text>'
    )


def _legend(names: Sequence[str], y: float = 14, x: float = _LABEL_PX) -> str:
    marks: list[str] = []
    x = min(x, max(8, _WIDTH_PX - sum(32 + 7 * min(len(name), 20) for name in names)))
    for no, name in enumerate(names):
        shown = _shorten(name, 20)
        marks.append(
            f'<rect class="s{no % _SERIES}" x="{x}" y="{y - 9}" width="10" height="10"/>'
            f'<text x="{x + 15}" y="{y}">{_text(shown)}</text>'
        )
        x += 32 + 7 * len(shown)
    return "".join(marks)


def _svg(title: str, width: float, height: float, marks: Sequence[str]) -> str:
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {round(width)} {round(height) + _TITLE_PX}" '
        f'width="{round(width)}" height="{round(height) + _TITLE_PX}" aria-label="{_text(title)}">'
        f'<text class="title" y="14">{_text(_shorten(title, 90))}</text>'
        f'<g transform="translate(0,{_TITLE_PX})">{"".join(marks)}</g></svg>'
    )


def _span(values: Sequence[float], *, from_zero: bool = False) -> tuple[float, float]:
    """Return limits of an axis, at marks, that hold every value."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = min(low, 0.0) if from_zero else low
    if high - low < 1e-9 * max(1.0, abs(low), abs(high)):
        high = low + 1
    marks = _ticks(low, high)
    step = marks[1] - marks[0] if len(marks) > 1 else 1
    return (marks[0] - step if marks[0] > low else low, marks[-1] + step * (marks[-1] < high))


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers in low to high, at 1, 2 or 5 times a power of ten."""
    rough = (high - low) / 5
    power = 10.0 ** _floor_log10(rough)
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = -(-low // step)
    count = int((high - first * step) / step + 1.001)
    return [round((first + no) * step, 10) for no in range(max(1, count))]


def _floor_log10(value: float) -> int:
    power = 0
    while 10.0**power > value:
        power -= 1
    while 10.0 ** (power + 1) <= value:
        power += 1
    return power


def _label(label: str, y: float) -> str:
    return (
        f'<text class="end" x="{_LABEL_PX - 8}" y="{round(y, 1)}">'
        f"{_text(_shorten(label, _LONGEST_LABEL))}</text>"
    )


def _say(value: float) -> str:
    """Return a number as read: thousands apart, at most four significant digits of a fraction."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _shorten(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _text(text: str) -> str:
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in text))
