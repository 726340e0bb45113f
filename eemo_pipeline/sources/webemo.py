"""WEBEmo: 267,441 stock photographs found by 25 emotion keywords (Panda et al. 2018).

Reads `train25.txt` and `test25.txt`, lines of a link and a class number; `category.txt`, a Python
literal that names the classes; and downloaded images in `<split>/<class>/<file>`, where the split's
folder is called `test25` or `test`. The names of `category.txt` are read as a literal, never
executed; without it, or if it does not hold 25 names, the known ones are used. An image that no
line names is labelled by its folder.
"""

import re
from dataclasses import replace
from itertools import chain
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import WEBEMO_25
from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.encodings import decode_text
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.path_labels import conclude_placed, place_files
from eemo_pipeline.readers.picture_index import PictureIndex, withdraw_inexact
from eemo_pipeline.readers.python_literals import parse_literal
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    known_label,
    number,
    number_checks,
    picture_checks,
    presence_checks,
    repetition_check,
    shape_checks,
)
from eemo_pipeline.readers.tables import read_headless_file, stack_rows
from eemo_pipeline.sources import SourceDataset

_LABEL_SPACE = "webemo25"
_SEMANTICS = "evoked"
_SPLITS = ("train", "test")
_NAMES = "category.txt"
_LONGEST_TEXT = 100_000
_NEEDED = {"url": ("url",), "class": ("class",)}
_PLACE = r"(?:^|/)(train|test)(?:25)?/(\d{1,2})/[^/]+$"


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation per image."""
    tables = {split: find_tables(listing, f"{split}25.txt") for split in _SPLITS}
    named = find_tables(listing, _NAMES)
    known = frozenset((*chain(*tables.values()), *named, *find_documents(listing)))
    labels = pl.DataFrame(
        {"number": list(range(len(WEBEMO_25))), "label": _read_names(listing, named)}
    )
    index = PictureIndex(path for path in listing.paths if path not in known)
    rows = [_read_list(listing, index, split, path) for split in _SPLITS for path in tables[split]]
    nothing = index.resolve(_name_pictures(stack_rows([], _NEEDED))).with_columns(
        source_split=pl.lit("")
    )
    listed = _conclude_listed(withdraw_inexact(pl.concat([nothing, *rows])), labels, known)
    return _add_placed(listed, listing, labels)


def _read_list(listing: Listing, index: PictureIndex, split: str, path: str) -> pl.DataFrame:
    file = read_headless_file(listing, path, tuple(_NEEDED), " ")
    folders = [f"{folder}{split}{size}/" for size in ("25", "") for folder in ("images/", "")]
    rows = _name_pictures(stack_rows([file], _NEEDED))
    return index.resolve(rows, folders).with_columns(source_split=pl.lit(split))


def _name_pictures(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `name`, `<class>/<file>`: a downloaded image is named after the last part of its link."""
    file = pl.col("url").str.extract(r"([^/?#]+)(?:[?#].*)?$")
    return rows.with_columns(
        pl.concat_str(pl.col("class").str.strip_chars(), file, separator="/").alias("name")
    )


def _conclude_listed(
    rows: pl.DataFrame, labels: pl.DataFrame, known: frozenset[str]
) -> SourceTables:
    place = number("class")
    numbered = rows.with_columns(
        pl.when(place == place.floor()).then(place).cast(pl.Int64, strict=False).alias("number")
    ).join(labels, on="number", how="left", maintain_order="left")
    judged = judge(
        numbered,
        [
            *shape_checks(),
            *presence_checks("url", "class"),
            *number_checks("class", 0, len(WEBEMO_25) - 1),
            Check("bad_number", pl.col("number").is_null(), cell_detail("class")),
            Check("missing_value", pl.col("name").is_null(), cell_detail("url")),
            *picture_checks(),
            Check(
                "unknown_label",
                ~known_label(pl.col("label"), _LABEL_SPACE).fill_null(value=False),
                cell_detail("label"),
            ),
            repetition_check("path"),
        ],
    )
    return conclude(
        judged.with_columns(
            pl.col("path").alias("record_id"),
            pl.lit("list").alias("annotator_id"),
            pl.col("label").alias("native_label"),
            pl.concat_list("label").alias("native_labels"),
            pl.lit([1.0]).alias("native_weights"),
            pl.struct("class", "url").struct.json_encode().alias("attributes"),
        ),
        known,
        _LABEL_SPACE,
        _SEMANTICS,
    )


def _add_placed(listed: SourceTables, listing: Listing, labels: pl.DataFrame) -> SourceTables:
    """Add images that no list names but that are in a class's folder; others are ignored."""
    seen = listed.table_paths | set(listed.records["path"])
    placed = (
        place_files(listing, seen)
        .with_columns(
            pl.col("path").str.extract(_PLACE, 1).alias("source_split"),
            pl.col("path").str.extract(_PLACE, 2).cast(pl.Int64, strict=False).alias("number"),
            pl.col("path").alias("record_id"),
            pl.lit("folder").alias("annotator_id"),
        )
        .join(labels, on="number", how="inner", maintain_order="left")
    )
    others = conclude_placed(placed, (), _LABEL_SPACE, _SEMANTICS)
    return replace(
        listed,
        records=pl.concat([listed.records, others.records]),
        annotations=pl.concat([listed.annotations, others.annotations]),
    )


def _read_names(listing: Listing, paths: list[str]) -> list[str]:
    """Return the names of the classes by number, from the first file that holds 25 of them."""
    for path in paths:
        text = decode_text((listing.root / path).read_bytes())
        names = _as_names(_parse_labels(text))
        if names is not None:
            return names
    return list(WEBEMO_25)


def _parse_labels(text: str) -> Any:
    """Return the literal after `labels=`, as data, never code; None where there is none."""
    start = re.search(r"^\s*labels\s*=\s*", text, re.MULTILINE)
    if start is None or len(text) > _LONGEST_TEXT:
        return None
    return parse_literal(text[start.end() :], _LONGEST_TEXT)


def _as_names(value: Any) -> list[str] | None:
    """Return the first text of each of 25 entries: (emotion, group, sign)."""
    if not isinstance(value, list) or len(value) != len(WEBEMO_25):
        return None
    first = [entry[0] if isinstance(entry, tuple) and entry else None for entry in value]
    # A lone half of a surrogate pair is not printable, and a table cannot hold it.
    names = [name for name in first if isinstance(name, str) and name.isprintable()]
    return names if len(names) == len(first) else None


SOURCE = SourceDataset(
    name="webemo",
    title="WEBEmo: stock photographs by emotion",
    licence="none stated; stock photographs of third parties, no redistribution",
    is_redistributable=False,
    homepage="",
    citation="Panda, Zhang, Li, Lee, Lu and Roy-Chowdhury 2018, ECCV",
    label_space=_LABEL_SPACE,
    semantics=_SEMANTICS,
    expected_files=267441,
    expected_records=267441,
    obtain=(
        "Get train25.txt, test25.txt and category.txt from the authors and download the links, "
        "many of which are dead, to images/<train25 or test25>/<class>/"
    ),
    role="evaluation",
    needs=("train25.txt", "test25.txt", _NAMES),
    read=read,
)
