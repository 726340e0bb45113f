"""OASIS: 900 colour photographs with valence and arousal ratings (Kurdi et al. 2017).

Reads `OASIS.csv` (carriage returns as line ends, no header over the identifiers, two themes with a
blank at the end) and `images/<Theme>.jpg`. The ratings are means over about a hundred raters each,
on 1..7; the dataset names no emotion.
"""

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
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

_MOST_RATERS = 1e6
_SCALE = (1.0, 7.0)
_WIDEST_SD = 6.0  # no sample on 1..7 can spread further
_NUMBERS = ("valence", "arousal", "valence_sd", "arousal_sd")
_NEEDED = {
    "theme": ("theme",),
    "valence": ("valence_mean",),
    "arousal": ("arousal_mean",),
}
_OPTIONAL = {
    "category": ("category",),
    "origin": ("source",),
    "valence_sd": ("valence_sd",),
    "valence_n": ("valence_n",),
    "arousal_sd": ("arousal_sd",),
    "arousal_n": ("arousal_n",),
}


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation, the aggregate over raters, per image."""
    tables = find_tables(listing, "OASIS.csv")
    known = frozenset((*tables, *find_documents(listing)))
    files = [read_annotation_file(listing, path, ",;\t") for path in tables]
    rows = stack_rows(files, _NEEDED, _OPTIONAL, _NUMBERS).with_columns(
        pl.when(is_given("theme")).then(pl.col("theme") + ".jpg").alias("name"),
        pl.col("theme").str.strip_chars().alias("record_id"),
    )
    index = PictureIndex(path for path in listing.paths if path not in known)
    judged = judge(
        index.resolve(rows, ("images/", "")),
        [
            *shape_checks(),
            *presence_checks("theme", "valence", "arousal"),
            *picture_checks(),
            *(check for name in ("valence", "arousal") for check in number_checks(name, *_SCALE)),
            *number_checks("valence_sd", 0.0, _WIDEST_SD),
            *number_checks("arousal_sd", 0.0, _WIDEST_SD),
            *number_checks("valence_n", 1.0, _MOST_RATERS),
            *number_checks("arousal_n", 1.0, _MOST_RATERS),
            repetition_check("path"),
        ],
    )
    # The number of an image within its theme is not part of the theme: "Beach 4", "War 2 ".
    group = pl.col("record_id").str.replace(r"\s*\d+$", "")
    return conclude(
        judged.with_columns(
            pl.lit("aggregate").alias("annotator_id"),
            number("valence_n").cast(pl.Int64).alias("rater_count"),
            number("valence").alias("native_valence"),
            number("arousal").alias("native_arousal"),
            number("valence_sd").alias("native_valence_sd"),
            number("arousal_sd").alias("native_arousal_sd"),
            pl.lit(_SCALE[0]).alias("scale_min"),
            pl.lit(_SCALE[1]).alias("scale_max"),
            pl.struct("valence_n", "arousal_n").struct.json_encode().alias("attributes"),
            pl.struct("category", group.alias("theme"), "origin")
            .struct.json_encode()
            .alias("record_attributes"),
        ),
        known,
        "none",
        "evoked",
    )


SOURCE = SourceDataset(
    name="oasis",
    title="Open Affective Standardized Image Set",
    licence="free use in online and offline research; image licences vary by origin",
    is_redistributable=False,
    homepage="https://www.benedekkurdi.com/#oasis",
    citation="Kurdi, Lozano and Banaji 2017, Behavior Research Methods 49, 457-470",
    label_space="none",
    semantics="evoked",
    expected_files=900,
    obtain="Download from the homepage: OASIS.csv and the folder images/",
    read=read,
    expected_records=900,
    needs=("OASIS.csv",),
)
