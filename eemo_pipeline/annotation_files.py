"""Reads annotation files as cells of text, judges their rows, and makes an adapter's tables.

Belongs here: what every adapter of `sources/` shares: bytes to text, text to cells, checks to
rejects. Does not belong here: the columns of any one dataset, or how a picture is found
(`picture_names.py`). Nothing here raises on content: a cell is text until a check accepts it.
"""

import codecs
import csv
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.cells import count_within, is_given, number_rows, parse_cells, smallest_within
from eemo_pipeline.emotion.taxonomies import ALIASES, LABEL_SPACES, canonical
from eemo_pipeline.sources import (
    ANNOTATION_SCHEMA,
    RECORD_SCHEMA,
    REJECT_SCHEMA,
    Listing,
    SourceTables,
)

_DETAIL_CHARACTERS = 160
_WORDS = pl.Schema({"place": pl.UInt32, "reason": pl.String, "detail": pl.String})
_NESTING_DEPTH = 2
# Half surrogate -> character: what `surrogateescape` makes of a byte that is not UTF-8.
_BYTE_ESCAPES = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)
}
_DOCUMENT = re.compile(r"(readme|licen[sc]e|terms_of_use)[^/]*", re.IGNORECASE)
_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
# True of all documents and junk with names in ASCII, and of few pictures.
_PERHAPS_A_DOCUMENT = (
    r"__MACOSX|(?:^|/)(?i:readme|licen|terms_of_use|\._|\.ds_store|thumbs|desktop)[^/]*$"
)


Headers = Mapping[str, Collection[str]]
NONE_NEEDED: Headers = {}


@dataclass(frozen=True)
class AnnotationFile:
    """The cells of one annotation file.

    Attributes:
        path: the file, relative to the source's folder.
        header: the cells of the first line, outer blanks removed.
        cells: one row per data row that is not blank: `row` (from 1), one text column per header
            cell, named "0", "1", ..., and `surplus`, the first cell beyond the header or null.
    """

    path: str
    header: tuple[str, ...]
    cells: pl.DataFrame

    def take(self, needed: Headers, optional: Headers = NONE_NEEDED) -> pl.DataFrame:
        """The columns by our own names, with `table_path`, `row`, `surplus` and `absent`.

        Both mappings lead from our name to the header cells it may stand under, in lower case. A
        column that the file lacks is null; `absent` lists the needed ones, null where none is.
        """
        places = {name: self._place(cells) for name, cells in {**needed, **optional}.items()}
        absent = ", ".join(name for name in needed if places[name] is None)
        return self.cells.select(
            pl.lit(self.path).alias("table_path"),
            "row",
            "surplus",
            pl.lit(absent or None, dtype=pl.String).alias("absent"),
            *(
                (pl.lit(None, dtype=pl.String) if place is None else pl.col(str(place))).alias(name)
                for name, place in places.items()
            ),
        )

    def remaining(self, wanted: Headers) -> dict[str, str]:
        """Header cell -> column of `cells`, for the columns that `take(wanted)` does not use."""
        used = {self._place(headers) for headers in wanted.values()}
        named: dict[str, str] = {}
        for place, cell in enumerate(self.header):
            if place not in used:
                named.setdefault(cell if cell not in named else f"{cell} ({place})", str(place))
        return named

    def _place(self, headers: Collection[str]) -> int | None:
        found = (i for i, cell in enumerate(self.header) if cell.casefold() in headers)
        return next(found, None)


def decode_text(data: bytes) -> str:
    """UTF-8, or UTF-16 with a mark; every line end becomes a line feed.

    Bytes that are not UTF-8 are read as Windows-1252, one by one, so that one damaged byte leaves
    the rest of the file as it was.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("utf-8-sig", errors="surrogateescape").translate(_BYTE_ESCAPES)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_annotation_file(listing: Listing, path: str, delimiters: str = ",") -> AnnotationFile:
    """Read the cells of a delimited text file.

    The delimiter is the one among `delimiters` that the first line holds most often, the first
    of them where it holds none. A blank among them stands for any run of blanks, and then names
    in square brackets in the first line stay whole.
    """
    data, delimiter = _read_bytes(listing, path, delimiters)
    if delimiter == " ":
        lines = data.decode().split("\n")
        data = "\n".join("\t".join(re.findall(r"\[[^\]]*\]|\S+", line)) for line in lines).encode()
        delimiter = "\t"
    first_line = _first_line(data)
    # The header is one line: a quote left open in it must not swallow the rows.
    header = tuple(cell.strip() for cell in next(csv.reader([first_line], delimiter=delimiter), []))
    cells = parse_cells(data, delimiter, len(header), start=len(first_line.encode()) + 1)
    return AnnotationFile(path, header, number_rows(cells))


def read_headless_file(
    listing: Listing, path: str, header: Sequence[str], delimiters: str = ","
) -> AnnotationFile:
    """Read a file whose first line is data already; `header` names its columns."""
    data, delimiter = _read_bytes(listing, path, delimiters)
    cells = parse_cells(data, delimiter, len(header))
    return AnnotationFile(path, tuple(header), number_rows(cells))


def _read_bytes(listing: Listing, path: str, delimiters: str) -> tuple[bytes, str]:
    """UTF-8 from the first line that is not empty, and the delimiter that this line shows."""
    csv.field_size_limit(sys.maxsize)  # an unclosed quote must not raise
    data = (listing.root / path).read_bytes()
    if not _is_plain(data):
        data = decode_text(data).encode()
    data = data.lstrip(b"\n")
    return data, max(delimiters, key=_first_line(data).count)


def _first_line(data: bytes) -> str:
    end = data.find(b"\n")
    return data[: end if end >= 0 else len(data)].decode()


def _is_plain(data: bytes) -> bool:
    """Whether `decode_text` would change nothing: UTF-8, no mark, line feeds alone."""
    if b"\r" in data or data.startswith(codecs.BOM_UTF8):
        return False
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def stack_rows(
    files: Sequence[AnnotationFile], needed: Headers, optional: Headers = NONE_NEEDED
) -> pl.DataFrame:
    """The rows of files of one layout, one under the other; `AnnotationFile.take` of each."""
    nothing = AnnotationFile("", (), number_rows(parse_cells(b"", ",", 0)))
    return pl.concat([file.take(needed, optional) for file in (nothing, *files)])


# --- files -------------------------------------------------------------------------------------


def find_tables(listing: Listing, *names: str) -> list[str]:
    """The paths that are one of the names, or end with it up to two folders deeper, sorted.

    Names are compared without case; junk of file managers and archivers is left out.
    """
    wanted = tuple(f"/{name.casefold()}" for name in names)
    ends = "|".join(pl.escape_regex(end[1:]) for end in wanted)
    return [
        path
        for path in _filter_paths(listing, f"(?i:{ends})$")
        if f"/{path}".casefold().endswith(wanted)
        and not is_junk(path)
        and _depth_below(path, wanted) <= _NESTING_DEPTH
    ]


def _depth_below(path: str, wanted: Sequence[str]) -> int:
    """Folders in front of the longest of the wanted ends."""
    ends = (end for end in wanted if f"/{path}".casefold().endswith(end))
    return f"/{path}".count("/") - max(end.count("/") for end in ends)


def is_junk(path: str) -> bool:
    """Whether a file manager or an archiver left the file: `__MACOSX/`, `._x`, `Thumbs.db`."""
    *folders, name = path.split("/")
    return "__MACOSX" in folders or name.startswith("._") or name.casefold() in _JUNK_NAMES


def find_documents(listing: Listing) -> list[str]:
    """Junk, and files called readme, licence or terms of use: known, and not pictures."""
    return [
        path
        for path in _filter_paths(listing, _PERHAPS_A_DOCUMENT)
        if is_junk(path) or _DOCUMENT.fullmatch(path.rpartition("/")[2])
    ]


def _filter_paths(listing: Listing, pattern: str) -> list[str]:
    """The paths that fit the pattern, and those beyond ASCII.

    Few of many pictures, at the speed of polars, for Python to look at one by one. On case beyond
    ASCII the two do not always agree, so such paths are all left to Python.
    """
    paths = pl.Series(listing.paths, dtype=pl.String)
    return paths.filter(paths.str.contains(rf"[^\x00-\x7f]|{pattern}")).to_list()


# --- checks ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """A reason to refuse a row: where it holds, and the offending value in words."""

    reason: str
    holds: pl.Expr
    detail: pl.Expr


def number(name: str) -> pl.Expr:
    """The cell as a number, null where it is none or not finite."""
    value = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def cell_detail(name: str) -> pl.Expr:
    """`name = value`, the value as found and cut."""
    return pl.format("{} = {}", pl.lit(name), pl.col(name).fill_null(""))


def shape_checks() -> list[Check]:
    """Rows of a file that lacks a column, and rows with more cells than the header."""
    return [
        Check(
            "missing_column",
            pl.col("absent").is_not_null(),
            pl.format("the file has no column {}", pl.col("absent")),
        ),
        Check("surplus_cells", pl.col("surplus").is_not_null(), cell_detail("surplus")),
    ]


def presence_checks(*names: str) -> list[Check]:
    """Cells that must hold something."""
    return [Check("missing_value", ~is_given(name), pl.lit(f"{name} is empty")) for name in names]


def number_checks(name: str, minimum: float, maximum: float) -> list[Check]:
    """A cell that, where given, must be a finite number in a range."""
    value = number(name)
    return [
        Check("bad_number", is_given(name) & value.is_null(), cell_detail(name)),
        Check("out_of_range", (value < minimum) | (value > maximum), cell_detail(name)),
    ]


def known_label(label: pl.Expr, label_space: str) -> pl.Expr:
    """Whether the text is a label of the space, or a known spelling of one."""
    space = LABEL_SPACES[label_space]
    spellings = [*space, *(alias for alias in ALIASES if canonical(alias) in space)]
    # Few of many rows differ: only those are brought to one form.
    found = label.unique(maintain_order=True)
    known = found.filter(found.str.strip_chars().str.to_lowercase().is_in(spellings))
    return label.is_in(known.implode())


def picture_checks() -> list[Check]:
    """Names without a picture, after `PictureIndex.resolve`."""
    return [
        Check(reason, pl.col("refusal") == reason, cell_detail("name"))
        for reason in ("unsafe_path", "picture_missing", "ambiguous_picture")
    ]


def repetition_check(column: str) -> Check:
    """Rows, in order, after the first that names the same picture."""
    return Check(
        "duplicate_row",
        pl.col(column).is_not_null() & ~pl.col(column).is_first_distinct(),
        cell_detail(column),
    )


def judge(frame: pl.DataFrame, checks: Sequence[Check]) -> pl.DataFrame:
    """Add `reason` and `detail` of the first check that holds, null where none does."""
    which = pl.coalesce(
        *(pl.when(check.holds).then(pl.lit(place)) for place, check in enumerate(checks)),
        pl.lit(None, dtype=pl.Int32),
    )
    judged = frame.with_columns(which.alias("check")).with_row_index("place")
    refused = judged.filter(pl.col("check").is_not_null())
    # What is wrong is put into words for the refused rows alone: few of many. In one piece, for
    # polars 2.1 panics where it joins texts of a frame with an empty piece.
    words = [
        refused.filter(pl.col("check") == place)
        .rechunk()
        .select(
            "place",
            pl.lit(checks[place].reason).alias("reason"),
            checks[place].detail.str.slice(0, _DETAIL_CHARACTERS).alias("detail"),
        )
        for place in refused["check"].unique().sort()
    ]
    nothing = pl.DataFrame(schema=_WORDS)
    placed = judged.select("place").join(
        pl.concat([nothing, *words]), on="place", how="left", maintain_order="left"
    )
    return frame.with_columns(placed["reason"], placed["detail"])


def conclude(
    judged: pl.DataFrame, table_paths: Iterable[str], label_space: str, semantics: str
) -> SourceTables:
    """Records, annotations and rejects from judged rows.

    `judged` holds table_path, row, record_id, path, resolved_by, reason, detail, and any column
    of the annotations; `source_split`, `native_label` and `record_attributes` go to the record,
    from its first row. Rows that name one picture make one record, under the smallest of their
    record identifiers.
    """
    facts = {"label_space": pl.lit(label_space), "semantics": pl.lit(semantics)}
    judged = judged.with_columns(**facts)
    optional = {"source_split": "source_split", "native_label": "native_label"}
    optional["record_attributes"] = "attributes"
    firsts = judged.filter(
        pl.col("path").is_not_null() & pl.col("path").is_first_distinct()
    ).with_row_index("record_no")
    # Joined apart: a join copies every column it is given.
    record_no = judged.select("path").join(
        firsts.select("path", "record_no"), on="path", how="left", maintain_order="left"
    )["record_no"]
    records = firsts.select(
        "path",
        "resolved_by",
        "label_space",
        "semantics",
        smallest_within(record_no, judged["record_id"], firsts["record_id"]),
        *(
            pl.col(name).alias(column)
            for name, column in optional.items()
            if name in judged.columns
        ),
    ).with_columns(
        # Two spellings that lead to two pictures may be one identifier once blanks are gone.
        pl.when(pl.col("record_id").is_duplicated())
        .then("path")
        .otherwise("record_id")
        .alias("record_id")
    )
    annotations = judged.with_columns(record_no).filter(pl.col("reason").is_null())
    record_no = annotations["record_no"]
    annotations = annotations.with_columns(
        records["record_id"].gather(record_no), count_within(record_no).alias("annotation_no")
    )
    rejects = judged.filter(pl.col("reason").is_not_null()).select(
        pl.col("table_path").alias("path"), "row", "reason", "detail"
    )
    return SourceTables(
        records=fill_schema(records, RECORD_SCHEMA),
        annotations=fill_schema(annotations, ANNOTATION_SCHEMA),
        rejects=fill_schema(rejects, REJECT_SCHEMA),
        table_paths=frozenset(table_paths),
        row_count=judged.height,
    )


def fill_schema(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The columns of the schema, cast to its types; those that the frame lacks are null."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )
