"""Abstract-8: 280 abstract paintings with votes over eight emotions (Machajdik and Hanbury 2010).

Reads `ABSTRACT_groundTruth.csv`, whose names and header are in single quotes, and the images beside
it. A row counts the votes for each emotion. The dataset does not choose among them, and for about
one image in five two or more emotions lead. "Content" and "Sad" are its spellings,
and the candidates of its Assess items keep them.
"""

from dataclasses import replace

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    number,
    number_checks,
    picture_checks,
    presence_checks,
    repetition_check,
    shape_checks,
)
from eemo_pipeline.readers.tables import AnnotationFile, read_annotation_file, stack_rows
from eemo_pipeline.sources import Download, SourceDataset

_LABEL_SPACE = "abstract8"
_TABLE = "ABSTRACT_groundTruth.csv"
_FOLDER = "testImages_abstract/"
_MOST_VOTES = 1e6
_EMOTIONS = ("Amusement", "Anger", "Awe", "Content", "Disgust", "Excitement", "Fear", "Sad")
_NEEDED = {"name": ("picture",), **{name: (name.casefold(),) for name in _EMOTIONS}}


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation, the votes of all raters, per image."""
    tables = find_tables(listing, _TABLE)
    known = frozenset((*tables, *find_documents(listing)))
    files = [_unquote(read_annotation_file(listing, path)) for path in tables]
    rows = stack_rows(files, _NEEDED).with_columns(pl.col("name", *_EMOTIONS).str.strip_chars(" '"))
    index = PictureIndex(path for path in listing.paths if path not in known)
    votes = [number(name) for name in _EMOTIONS]
    total = pl.sum_horizontal(votes)
    judged = judge(
        index.resolve(rows, (_FOLDER, "")),
        [
            *shape_checks(),
            *presence_checks("name"),
            *picture_checks(),
            *presence_checks(*_EMOTIONS),
            *(check for name in _EMOTIONS for check in number_checks(name, 0.0, _MOST_VOTES)),
            *(
                Check("bad_number", number(name) != number(name).floor(), cell_detail(name))
                for name in _EMOTIONS
            ),
            Check("bad_distribution", total == 0, pl.lit("nobody voted")),
            repetition_check("path"),
        ],
    )
    most = pl.max_horizontal(votes)
    leading = pl.sum_horizontal((vote == most).cast(pl.Int64) for vote in votes)
    leader = pl.coalesce(*(pl.when(number(name) == most).then(pl.lit(name)) for name in _EMOTIONS))
    return conclude(
        judged.with_columns(
            pl.col("name").alias("record_id"),
            pl.lit("aggregate").alias("annotator_id"),
            total.cast(pl.Int64, strict=False).alias("rater_count"),
            pl.lit(list(_EMOTIONS)).alias("native_labels"),
            pl.concat_list(votes).alias("native_weights"),
            # the one label of the record, where a single emotion has the most votes
            pl.when(pl.col("reason").is_null() & (leading == 1)).then(leader).alias("native_label"),
            pl.struct((leading > 1).alias("is_tied")).struct.json_encode().alias("attributes"),
        ),
        known,
        _LABEL_SPACE,
        "evoked",
    )


def _unquote(file: AnnotationFile) -> AnnotationFile:
    """Return the file with plain column names; the first column holds the image names."""
    header = tuple(cell.strip(" '") for cell in file.header)
    return replace(file, header=("picture", *header[1:]) if header else ())


SOURCE = SourceDataset(
    name="abstract8",
    title="Abstract-8: abstract paintings",
    licence="none stated; research use by convention, no redistribution",
    is_redistributable=False,
    homepage="https://www.imageemotion.org",
    citation="Machajdik and Hanbury 2010, ACM Multimedia, 83-92",
    label_space=_LABEL_SPACE,
    semantics="evoked",
    expected_files=280,
    expected_records=280,
    obtain="Download testImages_abstract.zip from the homepage and unpack it",
    downloads=(
        Download(
            "https://www.imageemotion.org/testImages_abstract.zip",
            "testImages_abstract.zip",
            is_archive=True,
        ),
    ),
    needs=(_TABLE,),
    read=read,
    image_type="Artistic",
)
