"""IAPS and tables in its layout: images with normed valence, arousal and dominance (evaluation).

Reads `AllSubjects_1-20.txt`: lines of preamble, a line of column names that is not always right,
then a tab-separated table without quotes: desc, IAPS, valmn, valsd, aromn, arosd, dom1mn, dom1sd,
dom2mn, dom2sd, set. Images are named by their code, `2055.1.jpg`, which stays text.

The table begins after the line of column names, or, if there is none, at the first line whose
second cell is a code; lines before it are not rows. Dominance is missing where it is `.` or zero,
which is impossible as a rating on 1..9. Twelve codes recur in several sets of images: both rows are
kept, and only a code that recurs within its set is a duplicate_row. Restricted: neither images nor
norms may be redistributed, and none are in this repository.
"""

import re

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.delimited import empty_placeholders, is_given
from eemo_pipeline.readers.encodings import UNDECODED, decode
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    name_encoding,
    number,
    number_checks,
    picture_checks,
    presence_checks,
    repetition_check,
)
from eemo_pipeline.sources import SourceDataset

_SCALE = (1.0, 9.0)
_WIDEST_SD = 8.0  # no sample on 1..9 can spread further
_TABLE = "AllSubjects_1-20.txt"
_MEANS = ("valmn", "aromn", "dom1mn", "dom2mn")
_SDS = ("valsd", "arosd", "dom1sd", "dom2sd")
_COLUMNS = (
    *("desc", "iaps", "valmn", "valsd", "aromn", "arosd"),
    *("dom1mn", "dom1sd", "dom2mn", "dom2sd", "set"),
)
_DOMINANCE = ("dom1mn", "dom1sd", "dom2mn", "dom2sd")
_CODE = re.compile(r"\d+(\.\d+)?")


def read(listing: Listing) -> SourceTables:
    """Return one record per image, and one annotation, the aggregate over raters, per row."""
    tables = find_tables(listing, _TABLE)
    known = frozenset((*tables, *find_documents(listing)))
    rows = pl.concat([_frame([]), *(_read_table(listing, path) for path in tables)])
    named = rows.with_columns(
        pl.when(is_given("iaps")).then(pl.col("iaps").str.strip_chars() + ".jpg").alias("name"),
        *(_without_blanks(name) for name in _DOMINANCE),
        *empty_placeholders("desc", "valsd", "arosd", "set"),
    )
    index = PictureIndex(path for path in listing.paths if path not in known)
    resolved = index.resolve(named, ("", "images/")).with_columns(
        pl.concat_str("path", pl.col("set").fill_null("").str.strip_chars(), separator="\n").alias(
            "image and set"
        )
    )
    return conclude(
        judge(resolved, _checks()).with_columns(
            pl.col("iaps").str.strip_chars().alias("record_id"),
            pl.lit("aggregate").alias("annotator_id"),
            number("valmn").alias("native_valence"),
            number("aromn").alias("native_arousal"),
            number("dom1mn").alias("native_dominance"),
            number("valsd").alias("native_valence_sd"),
            number("arosd").alias("native_arousal_sd"),
            pl.lit(_SCALE[0]).alias("scale_min"),
            pl.lit(_SCALE[1]).alias("scale_max"),
            pl.struct("dom1sd", "dom2mn", "dom2sd", "set").struct.json_encode().alias("attributes"),
            pl.struct("desc").struct.json_encode().alias("record_attributes"),
        ),
        known,
        "none",
        "evoked",
    )


def _checks() -> list[Check]:
    return [
        Check(
            "bad_encoding",
            pl.any_horizontal(pl.col(_COLUMNS).str.contains(UNDECODED, literal=True)),
            pl.format(name_encoding("{}"), pl.col("encoding")),
        ),
        Check("surplus_cells", pl.col("surplus").is_not_null(), cell_detail("surplus")),
        *presence_checks("iaps"),
        *picture_checks(),
        *presence_checks("valmn", "aromn"),
        *(check for name in _MEANS for check in number_checks(name, *_SCALE)),
        *(check for name in _SDS for check in number_checks(name, 0.0, _WIDEST_SD)),
        repetition_check("image and set"),
    ]


def _without_blanks(name: str) -> pl.Expr:
    """Return the cell, null where it is a point or zero, the table's codes for no rating."""
    cell = pl.col(name).str.strip_chars()
    (given,) = empty_placeholders(name)
    return pl.when((cell != ".") & (number(name).is_null() | (number(name) != 0))).then(given)


def _read_table(listing: Listing, path: str) -> pl.DataFrame:
    text, encoding = decode((listing.root / path).read_bytes())
    lines = [(no, line.split("\t")) for no, line in enumerate(text.split("\n"), 1) if line.strip()]
    cells = [row for _, row in lines]
    headers = (place + 1 for place, row in enumerate(cells) if _is_header(row))
    firsts = (place for place, row in enumerate(cells) if len(row) > 1 and _is_code(row[1]))
    start = next(headers, next(firsts, len(cells)))
    rows = [(path, place, no, row) for place, (no, row) in enumerate(lines[start:], 1)]
    return _frame(rows, encoding)


def _is_header(cells: list[str]) -> bool:
    names = {cell.strip().casefold() for cell in cells}
    return "iaps" in names and "valmn" in names


def _is_code(cell: str) -> bool:
    return _CODE.fullmatch(cell.strip()) is not None


def _frame(
    rows: list[tuple[str, int, int, list[str]]], encoding: str | None = None
) -> pl.DataFrame:
    """Return cells by the order of the columns; cells missing from a line are null.

    `encoding` is the likely one of a file that is not UTF-8.
    """
    width = len(_COLUMNS)
    padded = [
        (*place, *cells[:width], *[None] * (width - len(cells)), _first_text(cells[width:]))
        for *place, cells in rows
    ]
    places = {"table_path": pl.String, "row": pl.Int64, "line": pl.Int64}
    schema = {**places, **dict.fromkeys(_COLUMNS, pl.String)}
    frame = pl.DataFrame(padded, schema={**schema, "surplus": pl.String}, orient="row")
    return frame.with_columns(pl.lit(encoding, dtype=pl.String).alias("encoding"))


def _first_text(cells: list[str]) -> str | None:
    return next((cell for cell in cells if cell.strip()), None)


SOURCE = SourceDataset(
    name="iaps",
    title="International Affective Picture System",
    licence="restricted, on request; no redistribution of images or norms",
    is_redistributable=False,
    homepage="",
    citation="Lang, Bradley and Cuthbert 2008, technical report A-8, University of Florida",
    label_space="none",
    semantics="evoked",
    expected_files=1195,
    obtain=(
        "Request it from its owners; put AllSubjects_1-20.txt and the images, named by their "
        "codes, into the folder"
    ),
    read=read,
    role="evaluation",
    expected_records=1195,
    needs=(_TABLE,),
)
