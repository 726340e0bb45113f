"""EMOTIC: apparent emotions of 34,320 people in 23,571 images (Kosti et al. 2019).

Reads the MATLAB files of both releases (2019 and 2017; parsed in `readers/emotic_matlab.py`), the
CSV conversion `emotic_pre/{train,val,test}.csv`, whose list cells are Python literals, and images
under emotic or cvpr_emotic. The values describe what a person in the image seems to feel, not what
the viewer feels. Boxes are unchanged, because some leave the image and its size is not known here.

Rules
- A MATLAB file takes precedence over the CSV conversion, which is made from it: if one can be read,
  the CSV files are known and not read.
- If both releases exist, an image belongs to the first that names it, the one of 2019 before the
  one of 2017; its rows in the other are refused as duplicate_row.
- A row of a MATLAB file is one person and annotator. All annotations have equal weight, so the
  values combined over annotators, which repeat the same opinions, go to the attributes. They are an
  annotation of their own only for a person without annotators. A row of the CSV is one person, with
  the values combined.
- A row with NaN among its ratings is refused, as in the authors' CSV conversion.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import WORKER, Listing, SourceTables
from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.emotic_matlab import RATINGS, read_people
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex, withdraw_inexact
from eemo_pipeline.readers.python_literals import parse_literal
from eemo_pipeline.readers.records import conclude, fill_schema
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    known_label,
    picture_checks,
    presence_checks,
    shape_checks,
)
from eemo_pipeline.readers.tables import read_annotation_file, stack_rows
from eemo_pipeline.schema.columns import FLOATS, STRINGS
from eemo_pipeline.sources import SourceDataset

_SCALE = (1.0, 10.0)
_LONGEST_CELL = 1000
_LARGEST_NUMBER = 1e9
_TABLES = tuple(f"emotic_pre/{split}.csv" for split in ("train", "val", "test"))
# The release of 2019, then that of 2017.
_RELEASES = ("annotations.mat", "cvpr17_annotations.mat")
_NEEDED = {
    "folder": ("folder",),
    "filename": ("filename",),
    "box": ("bbox",),
    "labels": ("categorical_labels",),
    "ratings": ("continuous_labels",),
}
_OPTIONAL = {"gender": ("gender",), "age": ("age",)}
# The common form of both layouts: texts as found, and their values where they are valid.
_PEOPLE = pl.Schema(
    {
        **dict.fromkeys(
            ("table_path", "surplus", "fault", "encoding", "absent", "unreadable"), pl.String
        ),
        **dict.fromkeys(("folder", "filename", "box", "labels", "ratings"), pl.String),
        **dict.fromkeys(("annotator_id", "source_split", "attributes"), pl.String),
        **dict.fromkeys(("row", "line", "rater_count"), pl.Int64),
        **dict.fromkeys(("is_labelled", "is_rated"), pl.Boolean),
        "native_labels": STRINGS,
        **dict.fromkeys(("rated", "person_box_px"), FLOATS),
    }
)


def read(listing: Listing) -> SourceTables:
    """Return one record per image, and one annotation per person and annotator."""
    tables = find_tables(listing, *_TABLES)
    matlab = [path for name in _RELEASES for path in find_tables(listing, name)]
    unread = [path for path in listing.paths if path.lower().endswith((".mat", ".npy", ".t7"))]
    known = frozenset((*tables, *unread, *find_documents(listing)))
    index = PictureIndex(path for path in listing.paths if path not in known)
    people = {path: _read_matlab(listing, path) for path in matlab}
    if all(frame["unreadable"].is_not_null().all() for frame in people.values()):
        people[""] = _read_csv(listing, tables)
    named = [
        index.resolve(
            frame.with_columns(
                pl.when(is_given("folder") & is_given("filename"))
                .then(pl.concat_str("folder", "filename", separator="/"))
                .alias("name")
            ),
            _folders(path),
        )
        for path, frame in people.items()
    ]
    judged = judge(withdraw_inexact(pl.concat(named)), _checks())
    return conclude(
        judged.with_columns(
            pl.col("name").alias("record_id"),
            pl.col("native_labels").list.eval(pl.lit(1.0)).cast(FLOATS).alias("native_weights"),
            *(
                pl.col("rated").list.get(place, null_on_oob=True).alias(f"native_{name}")
                for place, name in enumerate(RATINGS)
            ),
            pl.lit(_SCALE[0]).alias("scale_min"),
            pl.lit(_SCALE[1]).alias("scale_max"),
        ),
        known,
        "emotic26",
        "apparent",
    )


def _folders(table: str) -> tuple[str, ...]:
    """Return the folders of the images that a table names, the likeliest first."""
    is_older = table.casefold().endswith(_RELEASES[1])
    return ("cvpr_emotic/", "emotic/", "") if is_older else ("emotic/", "", "cvpr_emotic/")


def _checks() -> list[Check]:
    rated = pl.col("rated")
    is_unknown = ~known_label(pl.element(), "emotic26")
    unknown = pl.col("native_labels").list.eval(pl.element().filter(is_unknown))
    first_table = pl.col("table_path").first().over("name")
    return [
        Check("bad_mat", pl.col("unreadable").is_not_null(), pl.col("unreadable")),
        *shape_checks(),
        *presence_checks("folder", "filename", "box"),
        *(
            Check("missing_value", pl.col(flag) & ~is_given(name), pl.lit(f"{name} is empty"))
            for flag, name in (("is_labelled", "labels"), ("is_rated", "ratings"))
        ),
        Check(
            "missing_value",
            ~pl.col("is_labelled") & ~pl.col("is_rated"),
            pl.lit("no annotator gave labels or ratings"),
        ),
        *picture_checks(),
        Check(
            "duplicate_row",
            pl.col("table_path") != first_table,
            pl.format("{} holds {}", first_table, pl.col("name")),
        ),
        Check(
            "bad_list",
            pl.col("is_labelled") & pl.col("native_labels").is_null(),
            cell_detail("labels"),
        ),
        Check(
            "unknown_label",
            unknown.list.len() > 0,
            pl.format("labels = {}", unknown.list.join(", ")),
        ),
        Check(
            "bad_number",
            pl.col("is_rated") & (rated.is_null() | (rated.list.len() != len(RATINGS))),
            cell_detail("ratings"),
        ),
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


# --- MATLAB ------------------------------------------------------------------------------------


def _read_matlab(listing: Listing, path: str) -> pl.DataFrame:
    rows, unreadable = read_people(listing.root / path)
    people = (
        [_describe(row) for row in rows] if unreadable is None else [{"unreadable": unreadable}]
    )
    return pl.DataFrame(
        [{**person, "table_path": path, "row": row} for row, person in enumerate(people, 1)],
        schema=_PEOPLE,
    )


def _describe(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of `emotic_matlab.read_people` in the columns of both layouts."""
    worker = row.get("worker")
    combined = row.get("combined_ratings") or []
    facts = {
        "gender": row.get("gender"),
        "age": row.get("age"),
        "combined_labels": row.get("combined_labels"),
        **{
            f"combined_{name}": value
            for name, value in zip(RATINGS, combined, strict=False)
            if value is not None and math.isfinite(value)
        },
    }
    person = "combined" if row.get("is_combined") else "unnamed"
    return {
        "folder": row.get("folder"),
        "filename": row.get("filename"),
        "source_split": row.get("split"),
        **{name: _write(row, name) for name in ("box", "labels", "ratings")},
        "is_labelled": "labels" in row,
        "is_rated": "ratings" in row,
        "native_labels": row.get("labels"),
        "rated": _as_ratings(row.get("ratings")),
        "person_box_px": _as_numbers(row.get("box")),
        "annotator_id": person if worker is None else f"{WORKER}{worker}",
        "rater_count": None if row.get("is_combined") else 1,
        "attributes": json.dumps({name: fact for name, fact in facts.items() if fact is not None}),
    }


def _write(row: Mapping[str, Any], name: str) -> str | None:
    """Return the value as text; None where the row has none."""
    if row.get(name) is None and name not in {"labels", "ratings"} & row.keys():
        return None
    return json.dumps(row[name])


def _as_ratings(values: Sequence[float | None] | None) -> list[float | None] | None:
    """Return ratings, some of which may be absent; None if a given one is not a usable number."""
    given = [value for value in values or [] if value is not None]
    return None if values is None or _as_numbers(given) is None else list(values)


# --- CSV ---------------------------------------------------------------------------------------


def _read_csv(listing: Listing, tables: Sequence[str]) -> pl.DataFrame:
    rows = stack_rows([read_annotation_file(listing, path) for path in tables], _NEEDED, _OPTIONAL)
    people = rows.with_columns(
        _parse_cells(rows["labels"], _as_texts, "native_labels", STRINGS),
        _parse_cells(rows["ratings"], _as_numbers, "rated", FLOATS),
        _parse_cells(rows["box"], _as_numbers, "person_box_px", FLOATS),
        pl.lit(None).alias("unreadable"),
        pl.lit("combined").alias("annotator_id"),
        pl.lit(None).alias("rater_count"),
        pl.lit(value=True).alias("is_labelled"),
        pl.lit(value=True).alias("is_rated"),
        pl.col("table_path").str.extract(r"(train|val|test)\.csv$").alias("source_split"),
        pl.struct("gender", "age").struct.json_encode().alias("attributes"),
    )
    return fill_schema(people, _PEOPLE)


def _parse_cells(
    cells: pl.Series, accept: Callable[[Any], list[Any] | None], name: str, dtype: pl.DataType
) -> pl.Series:
    """Return the literal in each cell, null where there is none or `accept` refuses it."""
    parsed: dict[str | None, list[Any] | None] = {None: None}
    for cell in cells.drop_nulls().unique().to_list():
        parsed[cell] = accept(parse_literal(cell, _LONGEST_CELL))
    return pl.Series(name, [parsed[cell] for cell in cells.to_list()], dtype=dtype)


def _as_texts(value: Any) -> list[str] | None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    # A table cannot hold a lone half of a surrogate pair.
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
        "Request the dataset; unpack the images to emotic/ and put Annotations.mat beside it, "
        "or for the release of 2017 the images to cvpr_emotic/ and CVPR17_Annotations.mat"
    ),
    read=read,
    image_type="Social",
    expected_records=23571,
    embeds=("coco", "ade20k"),
    needs=tuple(f"Annotations.mat|CVPR17_Annotations.mat|{path}" for path in _TABLES),
)
