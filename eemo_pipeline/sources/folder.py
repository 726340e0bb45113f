"""Any folder of images, with an optional `labels.csv` at its root.

Every other file of the folder is a record; the ingest stage determines whether it is an image.

`labels.csv` has the column `file` and any of `emotion`, `valence`, `arousal`, `dominance`, each on
0..1, and `caption`; commas, semicolons or tabs; further columns go into the annotation's
`attributes`. If it names an image twice, the first row counts and the others are refused. An image
whose name has changed is found by its hash, in a column `sha256`, `sha1`, `md5` or `image_id`. If
the first line names none of these columns it is a row like the others: a file, then an emotion.
"""

from itertools import chain

import polars as pl

from eemo_pipeline.readers.contract import (
    ANNOTATION_SCHEMA,
    RECORD_SCHEMA,
    REJECT_SCHEMA,
    Listing,
    SourceTables,
)
from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude, fill_schema
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
from eemo_pipeline.readers.tables import AnnotationFile, read_annotation_file, read_headless_file
from eemo_pipeline.sources import SourceDataset

_TABLE = "labels.csv"
_DELIMITERS = ",;\t"
_LABEL_SPACE = "mikels8_or_ekman7"
_SEMANTICS = "evoked"
_RATINGS = ("valence", "arousal", "dominance")
_NEEDED = {"name": ("file",)}
_OPTIONAL = {name: (name,) for name in ("emotion", *_RATINGS, "caption")}
_CONTENT = {"content_hash": ("sha256", "sha1", "md5", "image_id")}


def read(listing: Listing) -> SourceTables:
    """Return one record per file of the folder, one annotation per usable row of `labels.csv`."""
    pictures = [path for path in listing.paths if path != _TABLE]
    labelled = (
        _read_labels(listing, pictures)
        if _TABLE in listing.known
        else SourceTables(
            pl.DataFrame(schema=RECORD_SCHEMA),
            pl.DataFrame(schema=ANNOTATION_SCHEMA),
            pl.DataFrame(schema=REJECT_SCHEMA),
            frozenset(),
            0,
        )
    )
    records = pl.DataFrame({"path": pictures}, schema={"path": pl.String}).with_columns(
        pl.col("path").alias("record_id"),
        pl.lit("listing").alias("resolved_by"),
        pl.lit(_LABEL_SPACE).alias("label_space"),
        pl.lit(_SEMANTICS).alias("semantics"),
    )
    labels = labelled.annotations.select(
        "record_id", pl.col("native_labels").list.first().alias("native_label")
    )
    return SourceTables(
        records=fill_schema(
            records.join(labels, on="record_id", how="left", maintain_order="left"), RECORD_SCHEMA
        ),
        annotations=labelled.annotations,
        rejects=labelled.rejects,
        table_paths=labelled.table_paths,
        row_count=labelled.row_count,
    )


def _read_labels(listing: Listing, pictures: list[str]) -> SourceTables:
    file = _read_table(listing)
    rows = file.take(_NEEDED, {**_OPTIONAL, **_CONTENT}).with_columns(_attributes(file))
    index = PictureIndex(pictures)
    resolved = index.resolve_content(index.resolve(rows), listing.root)
    fields = ("emotion", *_RATINGS, "caption")
    judged = judge(
        resolved,
        [
            *shape_checks(),
            *presence_checks("name"),
            *picture_checks(),
            Check(
                "empty_row",
                ~pl.any_horizontal(is_given(name) for name in fields),
                cell_detail("name"),
            ),
            Check(
                "unknown_label",
                is_given("emotion") & ~known_label(pl.col("emotion"), _LABEL_SPACE),
                cell_detail("emotion"),
            ),
            *(check for name in _RATINGS for check in number_checks(name, 0.0, 1.0)),
            repetition_check("path"),
        ],
    )
    has_rating = pl.any_horizontal(is_given(name) for name in _RATINGS)
    return conclude(
        judged.with_columns(
            pl.col("path").alias("record_id"),
            pl.lit(_TABLE).alias("annotator_id"),
            pl.when(is_given("emotion")).then(pl.concat_list("emotion")).alias("native_labels"),
            pl.when(is_given("emotion")).then(pl.lit([1.0])).alias("native_weights"),
            *(number(name).alias(f"native_{name}") for name in _RATINGS),
            pl.when(has_rating).then(0.0).alias("scale_min"),
            pl.when(has_rating).then(1.0).alias("scale_max"),
            pl.when(is_given("caption")).then("caption").alias("comment"),
        ),
        [_TABLE],
        _LABEL_SPACE,
        _SEMANTICS,
    )


def _read_table(listing: Listing) -> AnnotationFile:
    """Return the cells; a first line without a column of ours is data: a file, then its emotion."""
    file = read_annotation_file(listing, _TABLE, _DELIMITERS)
    known = {*_NEEDED["name"], *_OPTIONAL, *chain(*_CONTENT.values())}
    if any(cell.casefold() in known for cell in file.header):
        return file
    names = ["file", "emotion", *(f"cell {place}" for place in range(3, len(file.header) + 1))]
    return read_headless_file(listing, _TABLE, names[: len(file.header)], _DELIMITERS)


def _attributes(file: AnnotationFile) -> pl.Series:
    """Return the unknown columns, as one JSON object per row."""
    others = file.remaining({**_NEEDED, **_OPTIONAL})
    empty = pl.Series("attributes", [None] * file.cells.height, dtype=pl.String)
    if not others:
        return empty
    cells = pl.struct(pl.col(place).alias(cell) for cell, place in others.items())
    return file.cells.select(cells.struct.json_encode().alias("attributes")).to_series()


SOURCE = SourceDataset(
    name="folder",
    title="A folder of pictures",
    licence="as given by the owner of the folder",
    is_redistributable=False,
    homepage="",
    citation="",
    label_space=_LABEL_SPACE,
    semantics=_SEMANTICS,
    expected_files=None,
    obtain="eemo run --images FOLDER, or put pictures and an optional labels.csv in place",
    read=read,
)
