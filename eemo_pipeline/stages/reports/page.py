"""The page of the report, rendered from its template: everything it shows is escaped there."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from typing import Any

import polars as pl

from eemo_pipeline.stages.reports.gallery import DISTRESSING, Tile
from eemo_pipeline.stages.reports.section import Drawn, Section

_TEMPLATES = files("eemo_pipeline.stages.reports").joinpath("templates")
_SHOWN_ROWS = 40  # of a table; all of them are in its JSON file
_LONGEST = 160  # characters of a cell or a text


@dataclass(frozen=True)
class Filled:
    """A section with its tables (name, description, rows), and what it shows of them if any."""

    section: Section
    drawn: Drawn | None
    tables: list[tuple[str, str, pl.DataFrame]]


@dataclass(frozen=True)
class Page:
    """What the page shows, and what it is made from.

    Attributes:
        sections: in their order.
        tiles: the gallery.
        closed: images shown whose terms forbid that they leave the data root.
        version: of this library.
        fingerprint: hash of all data of the report.
        last_event: number of the last answer of a person.
        date: of the data, as YYYY-MM-DD; empty where there is none.
    """

    sections: list[Filled]
    tiles: list[Tile]
    closed: int
    version: str
    fingerprint: str
    last_event: int
    date: str

    @property
    def sources(self) -> list[str]:
        """The sources by which the page can be filtered; none where there is one alone."""
        drawn = [part.drawn.of_sources for part in self.sections if part.drawn]
        names = {name for charts in drawn for name in charts}
        names |= {tile.row["source"] for tile in self.tiles}
        return sorted(names) if len(names) > 1 else []


def render_page(page: Page) -> str:
    """Return the page as HTML with its style inside, for which its own policy makes an exception.

    The policy forbids scripts and every address but the thumbnails beside the page.
    """
    from jinja2 import Environment

    sources = {name: no for no, name in enumerate(page.sources, start=1)}
    style = _TEMPLATES.joinpath("report.css").read_text("utf-8") + _write_filter(len(sources))
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"cell": _cell, "short": _shorten, "number": "{:,}".format}
    template = environment.from_string(_TEMPLATES.joinpath("report.html").read_text("utf-8"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return template.render(
        page=page,
        style=style,
        style_hash=digest,
        emotions=_by_emotion(page.tiles),
        shown=len({tile.row["image_id"] for tile in page.tiles if tile.thumbnail}),
        most_rows=_SHOWN_ROWS,
        sources=sources,
    )


def _write_filter(count: int) -> str:
    """Return the style that shows one of `count` sources where its button is checked."""
    return "".join(
        f'body:has(#source-{no}:checked) .of-source[data-source="{no}"] {{ display: block; }}\n'
        f"body:has(#source-{no}:checked) :is(.tile, .rows-of-sources tbody tr)"
        f':not([data-source="{no}"]) {{ display: none; }}\n'
        for no in range(1, count + 1)
    )


def _by_emotion(tiles: Sequence[Tile]) -> list[dict[str, Any]]:
    """Return the tiles per emotion, and within it per reason for which they were drawn."""
    emotions: list[dict[str, Any]] = []
    for emotion, of_emotion in groupby(tiles, key=lambda tile: tile.row["emotion"]):
        parts = [
            (name, list(part))
            for name, part in groupby(of_emotion, key=lambda tile: tile.row["drawn_as"])
        ]
        emotions.append(
            {
                "name": emotion,
                "parts": parts,
                "count": len({tile.row["image_id"] for _, part in parts for tile in part}),
                "is_distressing": emotion in DISTRESSING,
            }
        )
    return emotions


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list):
        return _shorten(", ".join(map(str, value)))
    return _shorten(str(value))


def _shorten(text: str, longest: int = _LONGEST) -> str:
    """Return text on one line, bounded, without characters that a page cannot show."""
    line = " ".join(text.split())
    visible = "".join(letter if letter.isprintable() else "\ufffd" for letter in line)
    return visible if len(visible) <= longest else f"{visible[: longest - 1]}…"
