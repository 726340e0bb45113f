"""Folders of images with a manifest: one row per image gives its origin.

Reads `manifest.csv` or `manifest.jsonl`, and refuses images without a licence. The facts that a
source needs are in `sources/`.

Nothing of a manifest is a label: the search term or prompt of an image is its origin, not the
emotion that it evokes, so all of it becomes attributes of the record. A refused row makes no
record, so its image is ignored like one that no row names.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.json_rows import (
    JsonRow,
    encode_given,
    is_placeholder,
    json_checks,
    lower_names,
    pick,
    read_json_lines,
    read_json_list,
    tabulate,
)
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    judge,
    picture_checks,
    presence_checks,
    repetition_check,
)
from eemo_pipeline.readers.tables import Headers, read_annotation_file

MANIFESTS = ("manifest.csv", "manifest.jsonl")
_NEEDED: Headers = {"name": ("path",)}
_CONTENT: Headers = {"content_hash": ("sha256", "sha1", "md5", "image_id")}
_LICENCE: Headers = {"licence": ("licence", "license")}


def read_manifest(
    listing: Listing, facts: Headers, groups: Mapping[str, Sequence[str]]
) -> SourceTables:
    """Return one record and one annotation per row that names an image on disk and its licence.

    `facts` maps our names to their possible column names, in lower case; each group collects some
    of our names under one name of its own. Columns that are not among the facts are copied to the
    attributes. An image whose name has changed since is found by its hash, where the manifest gives
    one.
    """
    tables = find_tables(listing, *MANIFESTS)
    known = frozenset((*tables, *find_documents(listing)))
    rows = [row for path in tables for row in read_rows(listing, path)]
    attributes = [_gather(lower_names(row.fields), facts, groups) for row in rows]
    frame = tabulate(rows, {**_NEEDED, **_CONTENT, **_LICENCE}).with_columns(
        pl.Series("record_attributes", attributes, dtype=pl.String)
    )
    index = PictureIndex(path for path in listing.paths if path not in known)
    resolved = index.resolve_content(index.resolve(frame), listing.root)
    judged = judge(resolved, _checks())
    # Only accepted rows count as repeated: a row without a licence does not exclude a later one.
    accepted = judged.with_columns(pl.when(pl.col("reason").is_null()).then("path").alias("path"))
    repeated = judge(accepted, [repetition_check("path")])
    concluded = judged.with_columns(
        pl.coalesce(judged["reason"], repeated["reason"]).alias("reason"),
        pl.coalesce(judged["detail"], repeated["detail"]).alias("detail"),
    ).with_columns(
        pl.when(pl.col("reason").is_null()).then("path").alias("path"),
        pl.col("path").alias("record_id"),
        pl.lit("manifest").alias("annotator_id"),
    )
    return conclude(concluded, known, "none", "none")


def read_rows(listing: Listing, path: str) -> list[JsonRow]:
    """Return the rows of a file in JSON lines, JSON or delimited text, each as fields by name."""
    ending = path.lower().rpartition(".")[2]
    if ending == "jsonl":
        return read_json_lines(listing, path)
    if ending == "json":
        return read_json_list(listing, path)
    file = read_annotation_file(listing, path, ",;\t")
    # Of two columns with one name, the first counts, as everywhere. Blank cells and placeholders
    # have no value.
    places = {name: str(place) for place, name in reversed([*enumerate(file.header)]) if name}
    cells = file.cells.select("row", "line", "surplus", "fault", *places.values())
    return [
        JsonRow(
            path,
            row,
            None,
            {
                name: cell
                for name, cell in zip(places, values, strict=True)
                if (cell or "").strip() and not is_placeholder(cell)
            },
            fault or (None if surplus is None else "surplus_cells"),
            file.encoding,
            line,
        )
        for row, line, surplus, fault, *values in cells.rows()
    ]


def _checks() -> list[Check]:
    return [
        *json_checks(),
        *presence_checks("name"),
        *picture_checks(),
        Check("missing_licence", ~is_given("licence"), pl.lit("the row names no licence")),
    ]


def _gather(
    fields: Mapping[str, Any], facts: Headers, groups: Mapping[str, Sequence[str]]
) -> str | None:
    """Return the licence, the facts, their groups, and every other field, as one JSON object."""
    wanted = {**_LICENCE, **facts}
    used = {
        spelling for spellings in (*wanted.values(), *_NEEDED.values()) for spelling in spellings
    }
    values = {name: pick(fields, spellings) for name, spellings in wanted.items()}
    grouped = {name for members in groups.values() for name in members}
    single = {name: value for name, value in values.items() if name not in grouped}
    gathered = {
        group: {name: values[name] for name in members if values[name] not in (None, "")}
        for group, members in groups.items()
    }
    others = {name: value for name, value in fields.items() if name and name not in used}
    return encode_given({**others, **single, **gathered})
