"""Reads annotation files as cells of text, for every adapter of `sources/`.

Splits text into cells; bytes become text in `encodings.py`, and images are found in
`picture_index.py`. Nothing here raises on content: a cell is text until a check accepts it.
"""

import codecs
import csv
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.readers.contract import (
    Listing,
)
from eemo_pipeline.readers.delimited import (
    empty_placeholders,
    number_rows,
    parse_cells,
    split_cells,
)
from eemo_pipeline.readers.encodings import UNDECODED, decode

_DETAIL_CHARACTERS = 160
_MOST_COLUMNS = 10_000
# The first line that spreadsheets write and read to name the delimiter.
_DECLARED_DELIMITER = re.compile(rb'"?sep=([,;|\t])"?[ ,;\t]*(?:\n|$)', re.IGNORECASE)
_WORDS = pl.Schema({"place": pl.UInt32, "reason": pl.String, "detail": pl.String})


Headers = Mapping[str, Collection[str]]
NONE_NEEDED: Headers = {}


@dataclass(frozen=True)
class AnnotationFile:
    """The cells of one annotation file.

    Attributes:
        path: the file, relative to the source's folder.
        header: the cells of the first line, outer blanks removed.
        cells: one row per data row that is not blank: `row` (from 1), `line` (in the file, from 1,
            where the row begins), one text column per header cell, named "0", "1", ..., and
            `surplus`, the first cell beyond the header or null.
        delimiter: what separates the cells.
        encoding: the likely encoding of a file that is neither UTF-8 nor surely Windows-1252, whose
            rows with other signs have the fault bad_encoding; else null.
    """

    path: str
    header: tuple[str, ...]
    cells: pl.DataFrame
    delimiter: str = ","
    encoding: str | None = None

    def take(
        self, needed: Headers, optional: Headers = NONE_NEEDED, numbers: Collection[str] = ()
    ) -> pl.DataFrame:
        """Return the columns by our own names, after `table_path`, `row`, `line` and what checks
        need.

        Both mappings map our name to its possible header cells, in lower case. A column missing
        from the file is null; `absent` names the needed ones as the file's header would, and the
        columns found instead; null where there is none. Placeholders for nothing in optional
        columns are null. A decimal comma in `numbers`, of our names, becomes a point unless commas
        separate the cells.
        """
        places = {name: self._place(cells) for name, cells in {**needed, **optional}.items()}
        absent = ", ".join(
            name if name.casefold() in cells else next(iter(cells))
            for name, cells in needed.items()
            if places[name] is None
        )
        found = f"{absent} (found: {', '.join(self.header)[:_DETAIL_CHARACTERS]})"
        return (
            self.cells.select(
                pl.lit(self.path).alias("table_path"),
                "row",
                "line",
                "surplus",
                "fault",
                pl.lit(self.encoding, dtype=pl.String).alias("encoding"),
                pl.lit(found if absent else None, dtype=pl.String).alias("absent"),
                *(
                    (pl.lit(None, dtype=pl.String) if place is None else pl.col(str(place))).alias(
                        name
                    )
                    for name, place in places.items()
                ),
            )
            .with_columns(
                pl.col(name).str.replace(r"^(\s*[-+]?[0-9]+),([0-9]+\s*)$", "$1.$2")
                for name in (numbers if self.delimiter != "," else ())
            )
            .with_columns(empty_placeholders(*optional))
        )

    def remaining(self, wanted: Headers) -> dict[str, str]:
        """Return header cell -> column of `cells`, for columns that `take(wanted)` leaves out."""
        used = {self._place(headers) for headers in wanted.values()}
        named: dict[str, str] = {}
        for place, cell in enumerate(self.header):
            if place not in used:
                named.setdefault(cell if cell not in named else f"{cell} ({place})", str(place))
        return named

    def _place(self, headers: Collection[str]) -> int | None:
        found = (i for i, cell in enumerate(self.header) if cell.casefold() in headers)
        return next(found, None)


def read_annotation_file(
    listing: Listing, path: str, delimiters: str = ",", unquoted: str = " "
) -> AnnotationFile:
    """Read the cells of a delimited text file.

    The delimiter is the one that a first line `sep=;` declares; else the most frequent of
    `delimiters` in the first line, or the first of them if the line has none. A blank among them
    stands for any run of blanks; names in square brackets in the first line then stay whole.
    Between delimiters in `unquoted`, a quote is a sign like any other.

    A header of more than 10,000 columns is not read, and each row has the fault too_many_columns.
    """
    text = _read_bytes(listing, path, delimiters, unquoted)
    data, delimiter = text.data, text.delimiter
    first_line = _first_line(data)
    # The header is one line: a quote left open in it must not swallow the rows.
    cells = next(csv.reader([first_line], delimiter=delimiter), [])
    header = [
        cell.strip().replace(UNDECODED, "?")
        for cell in (cells if text.is_quoted else first_line.split(delimiter))
    ]
    is_too_wide = len(header) > _MOST_COLUMNS
    if is_too_wide:
        header = []
    start = len(first_line.encode()) + 1
    parsed = (
        parse_cells(data, delimiter, len(header), start, listing.known)
        if text.is_quoted
        else split_cells(data, delimiter, len(header), start)
    )
    rows = _mark_undecoded(number_rows(parsed, text.lines_before + 1), text.encoding)
    if is_too_wide:
        rows = rows.with_columns(pl.lit("too_many_columns").alias("fault"))
    return AnnotationFile(path, tuple(header), rows, delimiter, text.encoding)


def read_headless_file(
    listing: Listing,
    path: str,
    header: Sequence[str],
    delimiters: str = ",",
    unquoted: str = " ",
) -> AnnotationFile:
    """Read a file without a header line; `header` names its columns."""
    text = _read_bytes(listing, path, delimiters, unquoted)
    parsed = (
        parse_cells(text.data, text.delimiter, len(header), names=listing.known)
        if text.is_quoted
        else split_cells(text.data, text.delimiter, len(header))
    )
    rows = _mark_undecoded(number_rows(parsed, text.lines_before), text.encoding)
    return AnnotationFile(path, tuple(header), rows, text.delimiter, text.encoding)


def _mark_undecoded(rows: pl.DataFrame, encoding: str | None) -> pl.DataFrame:
    if encoding is None:
        return rows
    cells = pl.col(pl.String).exclude("fault")
    is_undecoded = pl.any_horizontal(
        cells.str.contains(UNDECODED, literal=True).fill_null(value=False)
    )
    return rows.with_columns(
        pl.when(is_undecoded).then(pl.lit("bad_encoding")).otherwise("fault").alias("fault")
    )


@dataclass(frozen=True)
class _Text:
    """A delimited text in UTF-8 with line feeds, from the first non-empty line on.

    Attributes:
        data: the text.
        delimiter: what separates its cells.
        is_quoted: whether quotes quote.
        encoding: the likely encoding of a file that is not decoded in full.
        lines_before: lines of the file before the text: empty ones, and a declared delimiter.
    """

    data: bytes
    delimiter: str
    is_quoted: bool
    encoding: str | None
    lines_before: int


def _read_bytes(listing: Listing, path: str, delimiters: str, unquoted: str) -> _Text:
    """Return the text of a file. Where blanks delimit, a tab replaces each run of them."""
    csv.field_size_limit(sys.maxsize)  # an unclosed quote must not raise
    data = (listing.root / path).read_bytes()
    encoding = None
    if not _is_plain(data):
        text, encoding = decode(data)
        data = text.encode()
    whole, data = data, data.lstrip(b"\n")
    declared = _DECLARED_DELIMITER.match(data)
    if declared:
        data = data[declared.end() :].lstrip(b"\n")
    lines_before = whole.count(b"\n", 0, len(whole) - len(data))
    if declared:
        delimiter, is_quoted = declared[1].decode(), True
        return _Text(data, delimiter, is_quoted, encoding, lines_before)
    delimiter = max(delimiters, key=_first_line(data).count)
    is_quoted = delimiter not in unquoted
    if delimiter == " ":
        lines = data.decode().split("\n")
        tabbed = "\n".join("\t".join(re.findall(r"\[[^\]]*\]|\S+", line)) for line in lines)
        data, delimiter = tabbed.encode(), "\t"
    return _Text(data, delimiter, is_quoted, encoding, lines_before)


def _first_line(data: bytes) -> str:
    end = data.find(b"\n")
    return data[: end if end >= 0 else len(data)].decode()


def _is_plain(data: bytes) -> bool:
    """Return whether `decode` would change nothing: UTF-8, no mark, line feeds only."""
    if b"\r" in data or data.startswith(codecs.BOM_UTF8):
        return False
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def stack_rows(
    files: Sequence[AnnotationFile],
    needed: Headers,
    optional: Headers = NONE_NEEDED,
    numbers: Collection[str] = (),
) -> pl.DataFrame:
    """Concatenate the rows of files of one layout, `AnnotationFile.take` of each."""
    nothing = AnnotationFile("", (), number_rows(parse_cells(b"", ",", 0)))
    return pl.concat([file.take(needed, optional, numbers) for file in (nothing, *files)])
