"""A section of the report: the tables it shows, and how they are drawn and put into words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True)
class Drawn:
    """What a section shows beside its tables.

    Attributes:
        summary: the finding in a few sentences, for those who do not see the charts.
        charts: SVG, already escaped.
        small: label -> number of the bars that Dagster shows of the section.
        of_sources: source -> its charts, shown in place of `charts` where one source is chosen.
    """

    summary: str
    charts: tuple[str, ...] = ()
    small: Mapping[str, float] = field(default_factory=dict)
    of_sources: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        name: its anchor on the page.
        question: its heading: what the section answers.
        tables: statements of `sql/reports/`. The section is empty where the first has no rows.
        filled_by: what fills it, for a section without rows.
        draw: takes the tables as frames, in the order of `tables`.
    """

    name: str
    question: str
    tables: tuple[str, ...]
    filled_by: str
    draw: Callable[..., Drawn]


def name_anchor(image_id: str) -> str:
    """Return the anchor of an image in the gallery."""
    return f"image-{image_id[:32]}"


def say_count(count: int, noun: str) -> str:
    """Return `1 image` or `2 images`, thousands apart."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def say_list(names: Sequence[str]) -> str:
    """Return `awe`, `awe and fear`, or `awe, fear and joy`."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def say_percent(share: float) -> str:
    """Return a share of 0 to 1 in per cent."""
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0 else f"{100 * share:.1f} %"


def total(frame: pl.DataFrame, column: str) -> int:
    """Return the sum of a column of whole numbers."""
    return int(frame[column].sum() or 0)
