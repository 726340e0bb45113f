"""EmoSet-118K: 118,102 images with one of eight emotions and six attributes (Yang et al. 2023).

Reads `{train,val,test}.json`, lists of `[emotion, image, annotation]` as distributed or `[emotion,
id, image, annotation]` as documented, distinguished by the element that starts with `image/...`;
and one `annotation/<emotion>/<name>.json` per image. The vocabulary of the attributes, the file
info.json, is known and not opened, because the one in the archive is incomplete.

Rules
- The emotion of the split file is the label. If the image's own file gives another one, it is kept
  as the attribute `annotation_emotion`.
- An attribute missing from the image's file is unknown, not none: it is left out. An invalid one is
  kept unchanged under `unusable`.
- If an image's file is missing or damaged, its attributes are lost, but not its label;
  `annotation_problem` gives the reason. A damaged file, or one that no row of a split names, is a
  row of its own that is refused.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import REJECT_SCHEMA, Listing, SourceTables
from eemo_pipeline.readers.encodings import decode_text
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.json_rows import as_cell, encode_given, is_placeholder, parse_json
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    known_label,
    picture_checks,
    presence_checks,
    repetition_check,
)
from eemo_pipeline.sources import SourceDataset

_SPLITS = ("train", "val", "test")
_MEASURES = ("brightness", "colorfulness")
_NAMES = ("scene", "facial_expression", "human_action")
_ROWS = pl.Schema(
    {
        **dict.fromkeys(("table_path", "source_split", "bad_file", "bad_row"), pl.String),
        "row": pl.Int64,
        **dict.fromkeys(("label", "name", "annotation", "native_id"), pl.String),
    }
)


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation per image."""
    splits = {path: split for split in _SPLITS for path in find_tables(listing, f"{split}.json")}
    documents = [path for path in listing.paths if path.casefold().endswith(".json")]
    known = frozenset((*documents, *find_documents(listing)))
    rows = [row for path, split in splits.items() for row in _read_split(listing, path, split)]
    index = PictureIndex(path for path in listing.paths if path not in known)
    annotations = PictureIndex(documents)
    judged = judge(
        index.resolve(pl.DataFrame(rows, schema=_ROWS, orient="row")),
        [
            Check("bad_json", pl.col("bad_file").is_not_null(), pl.col("bad_file")),
            Check("bad_list", pl.col("bad_row").is_not_null(), pl.col("bad_row")),
            *presence_checks("name", "label"),
            *picture_checks(),
            Check("unknown_label", ~known_label(pl.col("label"), "mikels8"), cell_detail("label")),
            repetition_check("path"),
        ],
    )
    attributes, used = _read_attributes(listing, judged, annotations)
    concluded = conclude(
        judged.with_columns(
            pl.col("name").alias("record_id"),
            pl.lit("aggregate").alias("annotator_id"),
            pl.col("label").alias("native_label"),
            pl.concat_list("label").alias("native_labels"),
            pl.lit([1.0]).alias("native_weights"),
            attributes,
        ),
        known,
        "mikels8",
        "evoked",
    )
    refused = _refuse_files([path for path in documents if _is_of_picture(path)], used)
    return replace(
        concluded,
        rejects=pl.concat([concluded.rejects, refused]),
        row_count=concluded.row_count + refused.height,
    )


def _is_of_picture(path: str) -> bool:
    return "annotation" in path.casefold().split("/")[:-1]


def _refuse_files(files: list[str], used: Mapping[str, str | None]) -> pl.DataFrame:
    """Return rejects for the images' files that are damaged, or that no row of a split names."""
    rows = [
        (
            path,
            1,
            None,
            why,
            "no row of a split names it" if path not in used else "nothing in it is read",
        )
        for path in files
        if (why := used.get(path, "unreferenced"))
    ]
    return pl.DataFrame(rows, schema=REJECT_SCHEMA, orient="row")


def _read_split(listing: Listing, path: str, split: str) -> Iterator[tuple[Any, ...]]:
    """Yield the elements of a split file, in the columns of `_ROWS`."""
    text = decode_text((listing.root / path).read_bytes())
    elements, is_json = parse_json(text)
    if not text.strip():
        return
    if not is_json or not isinstance(elements, list):
        detail = "the file is no list" if is_json else "the text is not JSON"
        yield path, split, detail, None, 1, None, None, None, None
        return
    for row, element in enumerate(elements, 1):
        if isinstance(element, list) and not any(isinstance(cell, list | dict) for cell in element):
            yield path, split, None, None, row, *_tell_apart([as_cell(cell) for cell in element])
        else:
            detail = as_cell(element) or "nothing"
            yield path, split, None, f"no list of texts: {detail}", row, None, None, None, None


def _tell_apart(cells: list[str | None]) -> tuple[str | None, str | None, str | None, str | None]:
    """Return label, image, annotation file and identifier of an element, by form of its cells."""
    given = [cell for cell in cells if cell is not None]
    picture = next((cell for cell in given if _is_below("image", cell)), None)
    annotation = next((cell for cell in given if _is_below("annotation", cell)), None)
    others = [cell for cell in given if cell not in (picture, annotation)]
    label, identifier, *_ = (*others, None, None)
    return label, picture, annotation, identifier


def _is_below(folder: str, cell: str) -> bool:
    plain = cell.strip().replace("\\", "/").removeprefix("./")
    return plain.casefold().startswith(f"{folder}/")


# --- attributes --------------------------------------------------------------------------------


def _read_attributes(
    listing: Listing, judged: pl.DataFrame, documents: PictureIndex
) -> tuple[pl.Series, dict[str, str | None]]:
    """Return the attributes of each row, and path -> problem of every file that a row names."""
    used: dict[str, str | None] = {}
    columns = ("reason", "label", "path", "name", "annotation", "native_id")
    rows = [
        (reason, label or "", annotation or _guess(path or name or ""), identifier)
        for reason, label, path, name, annotation, identifier in judged.select(columns).iter_rows()
    ]
    found_files = documents.resolve_names(annotation for _, _, annotation, _ in rows)

    def describe(reason: str | None, label: str, annotation: str, identifier: str) -> str | None:
        path, _, refusal = found_files[annotation]
        if path is None:
            problem = refusal if refusal == "unsafe_path" else "missing"
            found: Mapping[str, Any] = {"annotation_problem": problem}
        else:
            fields, problem = _open(listing.root / path)
            used[path] = problem
            found = {"annotation_problem": problem} if problem else _take(fields, label)
        return encode_given({"id": identifier, **found}) if reason is None else None

    attributes = [describe(*row) for row in rows]
    return pl.Series("record_attributes", attributes, dtype=pl.String), used


def _guess(picture: str) -> str:
    """Return the likely path of an annotation file missing from the split file."""
    folder, _, name = picture.rpartition("image/")
    return f"{folder}annotation/{name.rpartition('.')[0]}.json"


def _open(path: Path) -> tuple[Mapping[str, Any], str | None]:
    fields, is_json = parse_json(decode_text(path.read_bytes()))
    if not is_json:
        return {}, "bad_json"
    return (fields, None) if isinstance(fields, dict) else ({}, "not_an_object")


def _take(fields: Mapping[str, Any], label: str) -> dict[str, Any]:
    """Return the valid attributes, and separately the invalid ones."""
    found: dict[str, Any] = {name: _as_level(fields.get(name)) for name in _MEASURES}
    found.update({name: _as_name(fields.get(name)) for name in _NAMES})
    things = fields.get("object")
    things = [things] if isinstance(things, str) else things
    if isinstance(things, list) and all(isinstance(thing, str) for thing in things):
        found["object"] = things
    unusable = {
        name: as_cell(fields[name])
        for name in (*_MEASURES, *_NAMES, "object")
        if name in fields and found.get(name) is None and not is_placeholder(fields[name])
    }
    emotion = fields.get("emotion")
    is_other = isinstance(emotion, str) and emotion.strip().casefold() != label.strip().casefold()
    return {
        **{name: value for name, value in found.items() if value is not None},
        "annotation_emotion": emotion if is_other else None,
        "unusable": {name: cell for name, cell in unusable.items() if cell is not None},
    }


def _as_level(value: Any) -> float | None:
    """Return a level from 0 to 1; a file may write it as an integer or as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        level = float(value)
    except (ValueError, OverflowError):
        return None
    return level if math.isfinite(level) and 0 <= level <= 1 else None


def _as_name(value: Any) -> str | None:
    is_name = isinstance(value, str) and value.strip() and not is_placeholder(value)
    return value if is_name else None


SOURCE = SourceDataset(
    name="emoset",
    title="EmoSet-118K: a large-scale visual emotion dataset with rich attributes",
    licence="MIT for the code; no terms known for the data, research use; no redistribution",
    is_redistributable=False,
    homepage="https://github.com/JingyuanYY/EmoSet",
    citation="Yang, Huang, Ding, Lischinski, Cohen-Or and Huang 2023, ICCV",
    label_space="mikels8",
    semantics="evoked",
    expected_files=118102,
    expected_records=118102,
    obtain=(
        "Download EmoSet-118K by the link in the authors' README and unpack it: train.json, "
        "val.json, test.json and the folders image/ and annotation/"
    ),
    read=read,
    needs=("train.json", "val.json", "test.json"),
)
