"""EMOTIC: 34,320 people in 23,571 pictures and what they seem to feel (Kosti et al. 2019).

Belongs here: the CSV conversion `emotic_pre/{train,val,test}.csv`, whose list cells are Python
literals, and pictures under `emotic/<folder>/<filename>`. One row is one person. The values are
what a person in the picture seems to feel, not what the viewer feels; boxes stay as given, for
some leave the picture and its size is not known here.
"""

import ast
import warnings
from collections.abc import Callable
from typing import Any

import polars as pl

from eemo_pipeline.annotation_files import (
    Check,
    cell_detail,
    conclude,
    find_documents,
    find_tables,
    is_given,
    judge,
    known_label,
    picture_checks,
    presence_checks,
    read_annotation_file,
    shape_checks,
    stack_rows,
)
from eemo_pipeline.picture_names import PictureIndex
from eemo_pipeline.schema.columns import FLOATS, STRINGS
from eemo_pipeline.sources import Listing, SourceDataset, SourceTables

_SCALE = (1.0, 10.0)
_LONGEST_CELL = 1000
_LARGEST_NUMBER = 1e9
_TABLES = tuple(f"emotic_pre/{split}.csv" for split in ("train", "val", "test"))
_NEEDED = {
    "folder": ("folder",),
    "filename": ("filename",),
    "box": ("bbox",),
    "labels": ("categorical_labels",),
    "ratings": ("continuous_labels",),
}
_OPTIONAL = {"gender": ("gender",), "age": ("age",)}


def read(listing: Listing) -> SourceTables:
    """One record per picture, one annotation per person in it."""
    tables = find_tables(listing, *_TABLES)
    matlab = [path for path in listing.paths if path.lower().endswith((".mat", ".npy", ".t7"))]
    known = frozenset((*tables, *matlab, *find_documents(listing)))
    rows = stack_rows([read_annotation_file(listing, path) for path in tables], _NEEDED, _OPTIONAL)
    index = PictureIndex(path for path in listing.paths if path not in known)
    named = rows.with_columns(
        pl.when(is_given("folder") & is_given("filename"))
        .then(pl.concat_str("folder", "filename", separator="/"))
        .alias("name"),
        _parse_cells(rows["labels"], _as_texts, "native_labels", STRINGS),
        _parse_cells(rows["ratings"], _as_numbers, "rated", FLOATS),
        _parse_cells(rows["box"], _as_numbers, "person_box_px", FLOATS),
    )
    judged = judge(index.resolve(named, ("emotic/", "", "cvpr_emotic/")), _checks())
    return conclude(
        judged.with_columns(
            pl.col("name").alias("record_id"),
            pl.lit("combined").alias("annotator_id"),
            pl.col("native_labels").list.eval(pl.lit(1.0)).cast(FLOATS).alias("native_weights"),
            *(
                pl.col("rated").list.get(place, null_on_oob=True).alias(f"native_{name}")
                for place, name in enumerate(("valence", "arousal", "dominance"))
            ),
            pl.lit(_SCALE[0]).alias("scale_min"),
            pl.lit(_SCALE[1]).alias("scale_max"),
            pl.col("table_path").str.extract(r"(train|val|test)\.csv$").alias("source_split"),
            pl.struct("gender", "age").struct.json_encode().alias("attributes"),
        ),
        known,
        "emotic26",
        "apparent",
    )


def _checks() -> list[Check]:
    rated = pl.col("rated")
    is_unknown = ~known_label(pl.element(), "emotic26")
    unknown = pl.col("native_labels").list.eval(pl.element().filter(is_unknown))
    return [
        *shape_checks(),
        *presence_checks("folder", "filename", "box", "labels", "ratings"),
        *picture_checks(),
        Check("bad_list", pl.col("native_labels").is_null(), cell_detail("labels")),
        Check(
            "unknown_label",
            unknown.list.len() > 0,
            pl.format("labels = {}", unknown.list.join(", ")),
        ),
        Check("bad_number", rated.is_null() | (rated.list.len() != 3), cell_detail("ratings")),
        Check(
            "out_of_range",
            (rated.list.min() < _SCALE[0]) | (rated.list.max() > _SCALE[1]),
            cell_detail("ratings"),
        ),
        Check(
            "bad_box",
            pl.col("person_box_px").is_null() | (pl.col("person_box_px").list.len() != 4),
            cell_detail("box"),
        ),
    ]


def _parse_cells(
    cells: pl.Series, accept: Callable[[Any], list[Any] | None], name: str, dtype: pl.DataType
) -> pl.Series:
    """The literal in each cell, null where it is none or `accept` refuses it."""
    parsed: dict[str | None, list[Any] | None] = {None: None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a literal like `1and 2` makes the compiler warn
        for cell in cells.drop_nulls().unique().to_list():
            parsed[cell] = accept(_parse_literal(cell))
    return pl.Series(name, [parsed[cell] for cell in cells.to_list()], dtype=dtype)


def _parse_literal(cell: str) -> Any:
    """The Python literal, which is data and never code; None where it is none or too long."""
    if len(cell) > _LONGEST_CELL:
        return None
    try:
        return ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _as_texts(value: Any) -> list[str] | None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    # A lone half of a surrogate pair is no text that a table can hold.
    return None if any("\ud800" <= c <= "\udfff" for item in value for c in item) else value


def _as_numbers(value: Any) -> list[float] | None:
    if not isinstance(value, list) or not all(
        isinstance(item, int | float)
        and not isinstance(item, bool)
        and -_LARGEST_NUMBER < item < _LARGEST_NUMBER  # false for NaN
        for item in value
    ):
        return None
    return [float(item) for item in value]


SOURCE = SourceDataset(
    name="emotic",
    title="EMOTIC: emotions in context",
    licence="non-commercial research and education, on request; no redistribution",
    is_redistributable=False,
    homepage="https://s3.sunai.uoc.edu/emotic/index.html",
    citation="Kosti, Alvarez, Recasens and Lapedriza 2019, IEEE TPAMI 42(11), 2755-2766",
    label_space="emotic26",
    semantics="apparent",
    expected_files=23571,
    obtain=(
        "Request the dataset; unpack the pictures to emotic/ and convert Annotations.mat to "
        "emotic_pre/{train,val,test}.csv with the public script mat2py.py"
    ),
    read=read,
)
