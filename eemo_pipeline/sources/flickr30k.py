"""Flickr30k: 31,783 images with five captions each, and no emotion (Young et al. 2014).

Reads one of the three files in which the captions circulate. `results_20130124.token` has lines
`<picture>#<number>`, a tab, the caption; `flickr_annotations_30k.csv` has one row per image with
JSON lists in `raw` and `sentids`; `results.csv` has the cells `image_name| comment_number|
comment`, without quoting. Phrases and boxes of Flickr30k Entities are not read; its
`{train,val,test}.txt`, names without an extension, give the split if they exist, and its
`UNRELATED_CAPTIONS` marks the captions that are about something else.

Rules
- All three files hold the same captions: the first that exists, in this order, is read, and the
  others are known and not read.
- `UNRELATED_CAPTIONS` counts captions from 1 (`<picture> <number>`), the other files from 0. A
  marked caption is kept unchanged, with the attribute `is_unrelated`. The lists of the CSV file
  number the sentences of all images consecutively, so nothing there is marked.
- Every caption is an annotation; blank ones in a list are ignored. Outer blanks of a caption
  between bars belong to the bars.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.encodings import UNDECODED, decode
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.json_rows import clean_text, parse_json
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    FAULTS,
    Check,
    judge,
    name_encoding,
    picture_checks,
    repetition_check,
)
from eemo_pipeline.readers.tables import read_annotation_file
from eemo_pipeline.schema.columns import INTEGERS, STRINGS
from eemo_pipeline.sources import SourceDataset

_TOKENS = "results_20130124.token"
_LISTS = "flickr_annotations_30k.csv"
_BARS = "results.csv"
_SPLITS = ("train", "val", "test")
_FOLDERS = ("flickr30k-images/", "flickr30k_images/", "")
_REFUSALS = (
    *FAULTS,
    *("missing_column", "surplus_cells", "missing_value", "bad_number", "bad_list"),
)
_NEEDED = {"name": ("filename",), "raw": ("raw",)}
_OPTIONAL = {"sentids": ("sentids",), "split": ("split",)}
_LARGEST_NUMBER = 10**9
_ROWS = pl.Schema(
    {
        **dict.fromkeys(("table_path", "refused_as", "note", "name", "source_split"), pl.String),
        "row": pl.Int64,
        "line": pl.Int64,
        "captions": STRINGS,
        "numbers": INTEGERS,
    }
)

Row = dict[str, Any]


def read(listing: Listing) -> SourceTables:
    """Return one record per image, and one annotation per caption."""
    readers = {_TOKENS: _read_tokens, _LISTS: _read_lists, _BARS: _read_bars}
    found = {name: find_tables(listing, name) for name in readers}
    chosen = next((name for name, paths in found.items() if paths), _TOKENS)
    rows = [
        {"table_path": path, "row": place, **row}
        for path in found[chosen]
        for place, row in enumerate(readers[chosen](listing, path), 1)
    ]
    tables = [path for paths in found.values() for path in paths]
    splits = {split: find_tables(listing, f"{split}.txt") for split in _SPLITS}
    lists = [path for paths in splits.values() for path in paths]
    marks = find_tables(listing, "unrelated_captions")
    known = frozenset((*tables, *lists, *marks, *find_documents(listing)))
    index = PictureIndex(path for path in listing.paths if path not in known)
    # Two rows of one image are two captions only if their numbers differ.
    key = pl.concat_str("path", pl.lit("#"), pl.col("numbers").cast(STRINGS).list.join(","))
    judged = judge(
        index.resolve(pl.DataFrame(rows, schema=_ROWS), _FOLDERS).with_columns(caption=key),
        [
            *(Check(code, pl.col("refused_as") == code, pl.col("note")) for code in _REFUSALS),
            *picture_checks(),
            repetition_check("caption"),
        ],
    )
    concluded = conclude(
        _one_row_per_caption(
            judged,
            "sentence_id" if chosen == _LISTS else "caption_no",
            _read_marks(listing, marks if chosen != _LISTS else ()),
        )
        .join(_read_splits(listing, splits), on="stem", how="left", maintain_order="left")
        .with_columns(
            pl.col("name").alias("record_id"),
            pl.coalesce("listed_split", "source_split").alias("source_split"),
            pl.lit("unnamed").alias("annotator_id"),
            pl.lit(1).alias("rater_count"),
        ),
        known,
        "none",
        "none",
    )
    return replace(concluded, row_count=judged.height)


def _one_row_per_caption(judged: pl.DataFrame, number: str, marks: pl.DataFrame) -> pl.DataFrame:
    """Return accepted rows once per caption, refused ones once."""
    lists = ("captions", "numbers")
    return (
        judged.with_columns(
            *(pl.when(pl.col("reason").is_null()).then(name).alias(name) for name in lists),
            pl.col("name").str.strip_chars().str.replace(r"(?i)\.jpe?g$", "").alias("stem"),
        )
        .explode(lists)
        .with_columns(
            pl.col("captions").alias("comment"),
        )
        .join(marks, on=["stem", "numbers"], how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("is_unrelated"))
            .then(pl.struct(pl.col("numbers").alias(number), "is_unrelated").struct.json_encode())
            .when(pl.col("numbers").is_not_null())
            .then(pl.struct(pl.col("numbers").alias(number)).struct.json_encode())
            .alias("attributes"),
        )
    )


def _read_marks(listing: Listing, paths: Sequence[str]) -> pl.DataFrame:
    """Return the marked captions by image and number from 0; malformed lines mark nothing."""
    lines = [line.split() for path in paths for _, line in _lines(listing, path)[0]]
    marks = [
        (cells[0].removesuffix(".jpg"), int(cells[1]) - 1, True)
        for cells in lines
        if len(cells) == 2 and re.fullmatch(r"[0-9]{1,9}", cells[1])
    ]
    schema = {"stem": pl.String, "numbers": pl.Int64, "is_unrelated": pl.Boolean}
    return pl.DataFrame(marks, schema=schema, orient="row").unique(maintain_order=True)


def _read_splits(listing: Listing, splits: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    names = [
        (name.strip().removesuffix(".jpg"), split)
        for split, paths in splits.items()
        for path in paths
        for _, name in _lines(listing, path)[0]
    ]
    schema = {"stem": pl.String, "listed_split": pl.String}
    return pl.DataFrame(names, schema=schema, orient="row").unique("stem", keep="first")


# --- the three files ---------------------------------------------------------------------------


def _read_tokens(listing: Listing, path: str) -> Iterator[Row]:
    lines, encoding = _lines(listing, path)
    for line_no, line in lines:
        label, _, caption = line.partition("\t")
        name, _, number = label.rpartition("#")
        yield {"line": line_no, **_accept(name, number, caption, encoding)}


def _read_bars(listing: Listing, path: str) -> Iterator[Row]:
    lines, encoding = _lines(listing, path)
    for place, (line_no, line) in enumerate(lines):
        # A caption may contain a bar.
        name, number, caption = (cell.strip() for cell in (*line.split("|", 2), "", "")[:3])
        if place or name.casefold() != "image_name":
            yield {"line": line_no, **_accept(name, number, caption, encoding)}


def _lines(listing: Listing, path: str) -> tuple[list[tuple[int, str]], str | None]:
    """Return number and text of the lines that are not blank, and the likely encoding if the file
    is not UTF-8."""
    text, encoding = decode((listing.root / path).read_bytes())
    lines = enumerate(text.split("\n"), 1)
    return [(line_no, line) for line_no, line in lines if line.strip()], encoding


def _accept(name: str, number: str, caption: str, encoding: str | None) -> Row:
    """Return a row with one caption."""
    cells = {"name": name, "number": number, "caption": caption}
    if any(UNDECODED in text for text in cells.values()):
        return _refuse("bad_encoding", name_encoding(str(encoding)))
    missing = next((cell for cell, text in cells.items() if not text.strip()), None)
    if missing:
        found = " | ".join(text for text in cells.values() if text.strip())
        return _refuse("missing_value", f"{missing} is empty: {found}")
    if not re.fullmatch(r"[0-9]{1,9}", number.strip()):
        return _refuse("bad_number", f"number = {number}")
    return {"name": name, "captions": [caption], "numbers": [int(number)]}


def _read_lists(listing: Listing, path: str) -> Iterator[Row]:
    rows = read_annotation_file(listing, path).take(_NEEDED, _OPTIONAL)
    for row in rows.iter_rows(named=True):
        yield {"line": row["line"], **_judge_shape(row)}


def _judge_shape(row: Row) -> Row:
    if row["fault"] == "bad_encoding":
        return _refuse(row["fault"], name_encoding(row["encoding"]))
    if row["fault"]:
        return _refuse(row["fault"], FAULTS[row["fault"]])
    if row["absent"]:
        return _refuse("missing_column", f"the file has no column {row['absent']}")
    if row["surplus"]:
        return _refuse("surplus_cells", f"surplus = {row['surplus']}")
    return _accept_lists(row)


def _accept_lists(row: Row) -> Row:
    """Return a row with a list of captions and, where the file has them, their identifiers."""
    cells = {name: (row[name] or "").strip() for name in ("name", "raw", "sentids", "split")}
    for name in ("name", "raw"):
        if not cells[name]:
            return _refuse("missing_value", f"{name} is empty")
    captions, _ = parse_json(cells["raw"])
    if not isinstance(captions, list) or not all(isinstance(text, str) for text in captions):
        return _refuse("bad_list", f"raw = {cells['raw']}")
    numbers: Any = [None] * len(captions)
    if cells["sentids"]:
        numbers, _ = parse_json(cells["sentids"])
        if not isinstance(numbers, list) or not all(map(_is_number, numbers)):
            return _refuse("bad_list", f"sentids = {cells['sentids']}")
        if len(numbers) != len(captions):
            return _refuse("bad_list", f"{len(captions)} captions, {len(numbers)} sentids")
    given = [(text, number) for text, number in zip(captions, numbers, strict=True) if text.strip()]
    if not given:
        return _refuse("missing_value", "raw holds no caption")
    return {
        "name": cells["name"],
        "source_split": cells["split"] or None,
        "captions": [clean_text(text) for text, _ in given],
        "numbers": [number for _, number in given],
    }


def _is_number(value: Any) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and 0 <= value < _LARGEST_NUMBER


def _refuse(code: str, note: str) -> Row:
    return {"refused_as": code, "note": note}


SOURCE = SourceDataset(
    name="flickr30k",
    title="Flickr30k: images with five captions each",
    licence="Flickr's terms; non-commercial research and education; no redistribution",
    is_redistributable=False,
    homepage="https://shannon.cs.illinois.edu/DenotationGraph/",
    citation="Young, Lai, Hodosh and Hockenmaier 2014, TACL 2, 67-78",
    label_space="none",
    semantics="none",
    expected_files=31783,
    expected_records=31783,
    obtain=(
        "Request the images by the authors' form; put them in flickr30k-images/ and beside it "
        "results_20130124.token, flickr_annotations_30k.csv or results.csv"
    ),
    read=read,
    needs=(f"{_TOKENS}|{_LISTS}|{_BARS}",),
)
