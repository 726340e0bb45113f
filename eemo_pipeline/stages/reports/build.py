"""Builds the report: a folder with one page, its data as JSON, and thumbnails.

The page needs no network, no server and no script. The same tables give the same bytes.
"""

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.lake.sql_files import Statement, read_folder
from eemo_pipeline.lake.warehouse import list_tables_read, open_tables
from eemo_pipeline.stages.reports.gallery import (
    Tile,
    build_tiles,
    find_closed,
    write_thumbnails,
)
from eemo_pipeline.stages.reports.page import Filled, Page, render_page
from eemo_pipeline.stages.reports.sections import SECTIONS
from eemo_pipeline.stages.reports.text_functions import text_functions

PAGE = "index.html"
_FOLDERS = ("reports", "reports/gallery")
_DIGITS = 4  # sums of floats differ beyond them with the order in which DuckDB adds
_GALLERY = "gallery"
_EPOCH = "SOURCE_DATE_EPOCH"
_LONGEST_EPOCH = 11  # digits: until the year 5138
# Read for the terms of the images, beside what the statements read.
_OF_TERMS = ("sources__datasets", "ingest__records", "dedup__clusters", "dedup__images")
Judge = Callable[[pl.DataFrame], dict[str, str]]  # images of the gallery -> image_id: why hidden


class BadDate(Exception):
    """SOURCE_DATE_EPOCH is not a whole number of seconds."""

    def __init__(self, told: str) -> None:
        """Name the value."""
        super().__init__(f"{_EPOCH} is {told[:40]!r}, not a whole number of seconds since 1970")


@dataclass(frozen=True)
class Built:
    """The report: its page, the sections with and without rows, its images, and their terms.

    Attributes:
        path: the page.
        filled, empty: names of the sections.
        thumbnails: images shown.
        closed: of these, images whose terms forbid that they leave the data root.
        hidden: images of the gallery that are not shown.
        charts: section -> its first chart as SVG.
        small: section -> label -> number, for a chart of a few bars.
        summaries: section -> its finding in words.
    """

    path: Path
    filled: tuple[str, ...]
    empty: tuple[str, ...]
    thumbnails: int
    closed: int
    hidden: int
    charts: dict[str, str]
    small: dict[str, Mapping[str, float]]
    summaries: dict[str, str]


def build_report(root: DataRoot, workers: Workers) -> Built:
    """Build the report inside the data root, for the eyes of its owner: every image is shown."""
    return _build(root, root.report, workers, lambda _: {})


def build_report_without_images(root: DataRoot, folder: Path, workers: Workers) -> Built:
    """Build a report that shows no image."""
    return _build(root, folder, workers, lambda drawn: dict.fromkeys(drawn["image_id"], "left out"))


def build_report_to_hand_out(
    root: DataRoot, folder: Path, workers: Workers, permitted: Collection[str] = ()
) -> Built:
    """Build a report outside the data root; images whose terms forbid that are not shown.

    Args:
        root: the data root.
        folder: a folder outside of it.
        workers: decodes the images.
        permitted: sources whose owner has given permission beyond the terms.
    """
    return _build(root, folder, workers, lambda drawn: find_closed(drawn, root.tables, permitted))


def list_statements() -> dict[str, Statement]:
    """Return the statements of the report by name: `funnel`, `gallery/votes`."""
    return {
        f"{folder.removeprefix('reports').removeprefix('/')}/{statement.name}".lstrip("/"): (
            statement
        )
        for folder in _FOLDERS
        for statement in read_folder(folder)
    }


def list_report_tables() -> list[str]:
    """Return the tables that the report is made from."""
    read = list_tables_read(statement.sql for statement in list_statements().values())
    return sorted({*read, *_OF_TERMS})


def _build(root: DataRoot, folder: Path, workers: Workers, judge: Judge) -> Built:
    statements, date = list_statements(), _find_date(root)
    with (
        open_tables(root.tables, [s.sql for s in statements.values()]) as connection,
        text_functions(connection),
    ):

        def ask(name: str, parameters: dict[str, Any] | None = None) -> pl.DataFrame:
            return _ask(connection, statements[name], parameters)

        filled: list[Filled] = []
        for section in SECTIONS:
            tables = [ask(name) for name in section.tables]
            drawn = section.draw(*tables) if tables[0].height else None
            filled.append(
                Filled(
                    section,
                    drawn,
                    [
                        (name, statements[name].description, table)
                        for name, table in zip(section.tables, tables, strict=True)
                    ],
                )
            )
        images = ask(_GALLERY)
        [(event,)] = connection.execute("select max(event_no) from review__votes").fetchall()
        hidden = judge(images)
        shown = images.unique("image_id", keep="first", maintain_order=True).filter(
            ~pl.col("image_id").is_in(list(hidden))
        )
        hidden |= write_thumbnails(shown, root.sources, folder / "thumbs", workers)
        tiles = build_tiles(images, hidden, ask)
    closed = find_closed(shown, root.tables)
    data = {name: table for part in filled for name, _, table in part.tables}
    data[_GALLERY] = images.drop("path")
    texts = {name: _as_json(statements[name], table) for name, table in data.items()}
    _write_data(texts, folder / "data")
    page = Page(
        filled,
        tiles,
        len({tile.row["image_id"] for tile in tiles if tile.thumbnail} & set(closed)),
        importlib.metadata.version("eemo-pipeline"),
        _fingerprint(texts),
        event or 0,
        date,
    )
    write_bytes(render_page(page).encode(), folder / PAGE)
    return _sum_up(folder / PAGE, filled, tiles, page.closed)


def _ask(
    connection: duckdb.DuckDBPyConnection, statement: Statement, parameters: dict[str, Any] | None
) -> pl.DataFrame:
    answer = connection.sql(statement.sql, params=parameters or {})
    found = pl.DataFrame(pl.from_arrow(answer.to_arrow_table()))
    return found.with_columns(
        pl.col(pl.Float64, pl.Float32, pl.Decimal).cast(pl.Float64).round(_DIGITS)
    )


def _as_json(statement: Statement, table: pl.DataFrame) -> str:
    content = {
        "description": statement.description,
        "columns": table.columns,
        "rows": [list(row) for row in table.rows()],
    }
    return json.dumps(content, ensure_ascii=False, indent=0, allow_nan=False) + "\n"


def _write_data(texts: dict[str, str], folder: Path) -> None:
    for name, text in texts.items():
        write_bytes(text.encode(), folder / f"{name}.json")
    for path in folder.glob("*.json"):
        if path.stem not in texts:
            path.unlink()


def _find_date(root: DataRoot) -> str:
    """Return the day of the newest table that is read, UTC; empty where there is none.

    A table that stays the same is not written again, so the day stays too. SOURCE_DATE_EPOCH, in
    seconds, takes its place, so that data roots with the same tables have the same report
    (https://reproducible-builds.org/specs/source-date-epoch/).

    Raises:
        BadDate: SOURCE_DATE_EPOCH is no number of seconds.
    """
    told = os.environ.get(_EPOCH, "").strip()
    if told and not (told.isdecimal() and len(told) <= _LONGEST_EPOCH):
        raise BadDate(told)
    written = [
        path.stat().st_mtime
        for name in list_report_tables()
        for path in (*root.tables.glob(f"{name}.parquet"), *root.tables.glob(f"{name}/*.parquet"))
    ]
    if not told and not written:
        return ""
    moment = int(told) if told else max(written)
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _fingerprint(texts: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(texts.items())).encode()).hexdigest()[:16]


def _sum_up(path: Path, filled: list[Filled], tiles: list[Tile], closed: int) -> Built:
    shown = {tile.row["image_id"] for tile in tiles if tile.thumbnail}
    drawn = {part.section.name: part.drawn for part in filled if part.drawn}
    return Built(
        path,
        filled=tuple(drawn),
        empty=tuple(part.section.name for part in filled if not part.drawn),
        thumbnails=len(shown),
        closed=closed,
        hidden=len({tile.row["image_id"] for tile in tiles} - shown),
        charts={name: part.charts[0] for name, part in drawn.items() if part.charts},
        small={name: part.small for name, part in drawn.items() if part.small},
        summaries={name: part.summary for name, part in drawn.items()},
    )
