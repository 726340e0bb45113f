"""GAPED: 730 images in six categories with valence and arousal (Dan-Glauser and Scherer 2011).

Reads `<category>.txt` and `<category>_with SD.txt` (tabs, no header over the names), and
`<category>/<name>.bmp`; the tables give the extension as .jpg. If a category has both tables, the
one with deviations is read: it names the same images, with means rounded to three decimals; the
other one is known and not read. If damage leaves the first fewer usable rows, the plain table is
read in its place, and the records name the other as `damaged_table`. The category is the label: it
is the depicted content, not an emotion, so spiders are negative content. Ratings and norms are
means on 0..100.
"""

from dataclasses import replace
from itertools import chain

import polars as pl

from eemo_pipeline.emotion.taxonomies import GAPED_CATEGORIES
from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.delimited import empty_placeholders
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex, withdraw_inexact
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    judge,
    number,
    number_checks,
    picture_checks,
    presence_checks,
    repetition_check,
    shape_checks,
)
from eemo_pipeline.readers.tables import read_annotation_file, stack_rows
from eemo_pipeline.sources import SourceDataset

_SCALE = (0.0, 100.0)
# Table and folder -> category; both in alphabetical order.
_CATEGORIES: dict[str, str] = dict(
    zip(("A", "H", "N", "P", "Sn", "Sp"), GAPED_CATEGORIES, strict=True)
)
_RATINGS = ("valence", "arousal")
# Given only for animal mistreatment and human rights violation: offence against the viewer's own
# norms and against the law.
_NORMS = ("internal_norms", "external_norms")
_NEEDED = {"name": ("picture",), **{name: (name,) for name in _RATINGS}}
_OPTIONAL = {
    **{f"{name}_sd": (f"{name} (sd)",) for name in _RATINGS},
    **{name: (name.replace("_", " "),) for name in _NORMS},
    **{f"{name}_sd": (f"{name.replace('_', ' ')} (sd)",) for name in _NORMS},
}


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation, the aggregate over raters, per image."""
    detailed = {letter: find_tables(listing, f"{letter}_with SD.txt") for letter in _CATEGORIES}
    plain = {letter: find_tables(listing, f"{letter}.txt") for letter in _CATEGORIES}
    known = frozenset(chain(*detailed.values(), *plain.values(), find_documents(listing)))
    index = PictureIndex(path for path in listing.paths if path not in known)
    rows = [
        _choose(
            [_read_table(listing, index, letter, path) for path in detailed[letter]],
            [_read_table(listing, index, letter, path) for path in plain[letter]],
            ", ".join(detailed[letter]),
        )
        for letter in _CATEGORIES
    ]
    nothing = index.resolve(stack_rows([], _NEEDED, _OPTIONAL)).with_columns(
        category=pl.lit(""), damaged_table=pl.lit(None, pl.String)
    )
    judged = judge(
        withdraw_inexact(pl.concat([nothing, *(frame for frames in rows for frame in frames)])),
        [*_row_checks(), *picture_checks(), repetition_check("path")],
    )
    norms = [number(name).alias(name) for norm in _NORMS for name in (norm, f"{norm}_sd")]
    has_norms = pl.any_horizontal(number(norm).is_not_null() for norm in _NORMS)
    return conclude(
        judged.with_columns(
            pl.col("name").str.strip_chars().alias("record_id"),
            pl.lit("aggregate").alias("annotator_id"),
            pl.col("category").alias("native_label"),
            pl.concat_list("category").alias("native_labels"),
            pl.lit([1.0]).alias("native_weights"),
            *(number(name).alias(f"native_{name}") for name in _RATINGS),
            *(number(f"{name}_sd").alias(f"native_{name}_sd") for name in _RATINGS),
            pl.lit(_SCALE[0]).alias("scale_min"),
            pl.lit(_SCALE[1]).alias("scale_max"),
            pl.when(has_norms).then(pl.struct(norms).struct.json_encode()).alias("attributes"),
            pl.when(pl.col("damaged_table").is_not_null())
            .then(pl.struct("damaged_table").struct.json_encode())
            .alias("record_attributes"),
        ),
        known,
        "gaped6",
        "evoked",
    )


def _choose(
    detailed: list[pl.DataFrame], plain: list[pl.DataFrame], names: str
) -> list[pl.DataFrame]:
    """Return the tables of a category to read: those with deviations, unless damage costs rows."""

    def count(frames: list[pl.DataFrame]) -> int:
        judged = [judge(frame, _row_checks()) for frame in frames]
        return sum(frame["reason"].null_count() for frame in judged)

    if not detailed or count(plain) <= count(detailed):
        return detailed or plain
    return [frame.with_columns(damaged_table=pl.lit(names)) for frame in plain]


def _read_table(listing: Listing, index: PictureIndex, letter: str, path: str) -> pl.DataFrame:
    """Return the rows of a category's table, with the images of the category's folder."""
    file = read_annotation_file(listing, path, "\t", unquoted="\t")
    rows = replace(file, header=_name_cells(file.header)).take(_NEEDED, _OPTIONAL)
    beside = f"{path.rpartition('/')[0]}/{letter}/".lstrip("/")
    return (
        index.resolve(rows, (beside, f"{letter}/", ""))
        .with_columns(
            # the deviations are in brackets: (5.43)
            *(pl.col(f"{name}_sd").str.strip_chars(" ()") for name in (*_RATINGS, *_NORMS)),
            category=pl.lit(_CATEGORIES[letter]),
            damaged_table=pl.lit(None, pl.String),
        )
        .with_columns(empty_placeholders(*(f"{name}_sd" for name in (*_RATINGS, *_NORMS))))
    )


def _name_cells(header: tuple[str, ...]) -> tuple[str, ...]:
    """Return the header with a name over the images, and each "(SD)" named after its measure."""
    named: list[str] = []
    measure = ""
    for cell in header:
        if cell.casefold() == "(sd)":
            named.append(f"{measure} (SD)")
        else:
            named.append(cell)
            measure = cell or measure
    return ("picture", *named[1:]) if named else ()


def _row_checks() -> list[Check]:
    measures = (*_RATINGS, *_NORMS)
    return [
        *shape_checks(),
        *presence_checks("name"),
        *presence_checks(*_RATINGS),
        *(
            check
            for measure in measures
            for name in (measure, f"{measure}_sd")
            for check in number_checks(name, *_SCALE)
        ),
    ]


SOURCE = SourceDataset(
    name="gaped",
    title="Geneva Affective Picture Database",
    licence="CC BY-NC-SA 3.0; research only, no upload for free access",
    is_redistributable=False,
    homepage="https://www.unige.ch/cisa/index.php/download_file/view/288/296/",
    citation="Dan-Glauser and Scherer 2011, Behavior Research Methods 43, 468-477",
    label_space="gaped6",
    semantics="evoked",
    expected_files=730,
    expected_records=730,
    obtain="Download from the homepage and unpack: the tables and the folders A, H, N, P, Sn, Sp",
    needs=tuple(f"{letter}_with SD.txt|{letter}.txt" for letter in _CATEGORIES),
    read=read,
)
