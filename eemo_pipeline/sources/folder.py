"""Any folder of images, with an optional `labels.csv` at its root.

Every other file of the folder is a record; the ingest stage determines whether it is an image.

`labels.csv` has the column `file` and any of `emotion`, `valence`, `arousal`, `dominance` and
`caption`; commas, semicolons or tabs; further columns go into the annotation's `attributes`.
Ratings are on 0..1, or on the scale that a column `valence_scale`, `arousal_scale` or
`dominance_scale` declares. A column `rater` names the person, one row per image and person. If an
image, or an image and rater, are named twice, the first row counts and the others are refused. An
image whose name has changed is found by its hash, in a column `sha256`, `sha1`, `md5` or
`image_id`. If the first line names none of these columns it is a row like the others: a file, then
an emotion.

The table is found in any case, `Labels.csv`; any other table is refused with a word on that.
"""

import re
from dataclasses import replace
from itertools import chain

import polars as pl

from eemo_pipeline.readers.contract import (
    RECORD_SCHEMA,
    WORKER,
    Listing,
    SourceTables,
    assemble,
)
from eemo_pipeline.readers.delimited import empty_placeholders, is_given
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude, fill_schema
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    label_check,
    picture_checks,
    presence_checks,
    shape_checks,
)
from eemo_pipeline.readers.scales import (
    one_row_per_scale,
    read_scales,
    scale_checks,
    scale_headers,
)
from eemo_pipeline.readers.tables import AnnotationFile, read_annotation_file, read_headless_file
from eemo_pipeline.sources import SourceDataset

_TABLE = "labels.csv"
_DELIMITERS = ",;\t"
_LABEL_SPACE = "mikels8_or_ekman7"
_SEMANTICS = "evoked"
_RATINGS = ("valence", "arousal", "dominance")
_SCALE = (0.0, 1.0)
_OTHER_TABLE = re.compile(
    r".*\.(csv|tsv|xlsx?|ods)|(.*/)?labels\.(txt|json|jsonl|parquet)", re.IGNORECASE | re.DOTALL
)
_NEEDED = {"name": ("file",)}
_RATER = {"rater": ("rater", "rater_id", "annotator", "annotator_id", "worker", "worker_id")}
_OPTIONAL = {
    **{name: (name,) for name in ("emotion", *_RATINGS, "caption")},
    **scale_headers(_RATINGS),
    **_RATER,
}
_CONTENT = {"content_hash": ("sha256", "sha1", "md5", "image_id")}


def read(listing: Listing) -> SourceTables:
    """Return one record per file of the folder, one annotation per usable row of `labels.csv`."""
    table = _find_table(listing)
    others = [path for path in listing.paths if path != table and _OTHER_TABLE.fullmatch(path)]
    pictures = [path for path in listing.paths if path != table and path not in set(others)]
    labelled = _read_labels(listing, table, pictures) if table else assemble([], [], [], [], 0)
    facts = labelled.records.select("path", pl.col("resolved_by").alias("found_by"))
    records = (
        pl.DataFrame({"path": pictures}, schema={"path": pl.String})
        .join(facts, on="path", how="left", maintain_order="left")
        .join(_common_labels(labelled.annotations), on="path", how="left", maintain_order="left")
        .with_columns(
            pl.col("path").alias("record_id"),
            pl.col("found_by").fill_null("listing").alias("resolved_by"),
            pl.lit(_LABEL_SPACE).alias("label_space"),
            pl.lit(_SEMANTICS).alias("semantics"),
        )
    )
    return replace(
        labelled,
        records=fill_schema(records, RECORD_SCHEMA),
        refused_files=dict.fromkeys(others, ("unread_table", _refusal(table))),
    )


def _find_table(listing: Listing) -> str | None:
    """Return the table of labels: `labels.csv`, else the first that differs from it in case."""
    if _TABLE in listing.known:
        return _TABLE
    return next((path for path in listing.paths if path.casefold() == _TABLE), None)


def _refusal(table: str | None) -> str:
    if table:
        return f"the labels are read from {table} alone"
    return f"labels are read from {_TABLE} at the folder's root: save this table as that file"


def _common_labels(annotations: pl.DataFrame) -> pl.DataFrame:
    """Return the label of each image whose raters agree on one."""
    label = pl.col("native_labels").list.first()
    return (
        annotations.filter(label.is_not_null())
        .group_by(pl.col("record_id").alias("path"))
        .agg(
            pl.when(label.str.strip_chars().str.to_lowercase().n_unique() == 1)
            .then(label.first())
            .alias("native_label")
        )
    )


def _read_labels(listing: Listing, table: str, pictures: list[str]) -> SourceTables:
    file = _read_table(listing, table)
    rows = file.take(_NEEDED, {**_OPTIONAL, **_CONTENT}, _RATINGS).with_columns(_attributes(file))
    index = PictureIndex(pictures)
    resolved = index.resolve_content(
        index.resolve(read_scales(rows, _RATINGS, _SCALE)), listing.root
    )
    judged = judge(resolved, _checks())
    has_label = is_given("emotion") & pl.col("is_first")
    has_rater = is_given("rater")
    concluded = conclude(
        one_row_per_scale(judged, _RATINGS).with_columns(
            pl.col("path").alias("record_id"),
            pl.when(has_rater)
            .then(pl.concat_str(pl.lit(WORKER), "rater"))
            .otherwise(pl.lit(_TABLE))
            .alias("annotator_id"),
            pl.when(has_rater & pl.col("is_first")).then(1).alias("rater_count"),
            pl.when(has_label).then(pl.concat_list("emotion")).alias("native_labels"),
            pl.when(has_label).then(pl.lit([1.0])).alias("native_weights"),
            pl.when(is_given("caption") & pl.col("is_first")).then("caption").alias("comment"),
            pl.when("is_first").then("attributes").alias("attributes"),
        ),
        [table],
        _LABEL_SPACE,
        _SEMANTICS,
    )
    return replace(concluded, row_count=rows.height)


def _checks() -> list[Check]:
    is_again = ~pl.struct("path", pl.col("rater").str.strip_chars()).is_first_distinct()
    return [
        *shape_checks(),
        *presence_checks("name"),
        *picture_checks(),
        Check(
            "empty_row",
            ~pl.any_horizontal(is_given(name) for name in ("emotion", *_RATINGS, "caption")),
            cell_detail("name"),
        ),
        label_check("emotion", _LABEL_SPACE),
        *(check for name in _RATINGS for check in scale_checks(name)),
        Check(
            "duplicate_row",
            pl.col("path").is_not_null() & is_again,
            pl.format(
                "{} is named before; several raters need a column rater that tells them apart",
                "path",
            ),
        ),
    ]


def _read_table(listing: Listing, table: str) -> AnnotationFile:
    """Return the cells; a first line without a column of ours is data: a file, then its emotion."""
    file = read_annotation_file(listing, table, _DELIMITERS)
    known = {*chain(*_NEEDED.values(), *_OPTIONAL.values(), *_CONTENT.values())}
    if not file.header or any(cell.casefold() in known for cell in file.header):
        return file
    names = ["file", "emotion", *(f"cell {place}" for place in range(3, len(file.header) + 1))]
    return read_headless_file(listing, table, names[: len(file.header)], _DELIMITERS)


def _attributes(file: AnnotationFile) -> pl.Series:
    """Return the unknown columns, as one JSON object per row."""
    others = file.remaining({**_NEEDED, **_OPTIONAL})
    empty = pl.Series("attributes", [None] * file.cells.height, dtype=pl.String)
    if not others:
        return empty
    cells = file.cells.select(empty_placeholders(*others.values()))
    named = pl.struct(pl.col(place).alias(cell) for cell, place in others.items())
    return cells.select(named.struct.json_encode().alias("attributes")).to_series()


SOURCE = SourceDataset(
    name="folder",
    title="A folder of images",
    licence="as given by the owner of the folder",
    is_redistributable=False,
    homepage="",
    citation="",
    label_space=_LABEL_SPACE,
    semantics=_SEMANTICS,
    expected_files=None,
    obtain="eemo run --images FOLDER, or put images and an optional labels.csv in place",
    read=read,
)
