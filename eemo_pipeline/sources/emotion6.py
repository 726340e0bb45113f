"""Emotion6: 1,980 Flickr images with a distribution over seven emotions (Peng et al. 2015).

Reads `ground_truth.txt` (tab-separated, names of columns in square brackets; a copy with blanks and
in two parts, `train_` and `test_`, circulates) and `images/<keyword>/<n>.jpg`. The folder is the
search keyword of the image, not its emotion: the two agree for 46 %.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex
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
from eemo_pipeline.sources import Download, SourceDataset

_SCALE = (1.0, 9.0)
_SUM_TOLERANCE = 0.01
_RATINGS = ("valence", "arousal")
# The order of the file: the six basic emotions, then neutral.
_EMOTIONS = (*(emotion for emotion in EKMAN_7 if emotion != "neutral"), "neutral")
_NEEDED = {
    "name": ("[image_filename]", "image_filename", "[images-name]", "images-name"),
    **{name: (f"[{name}]", name) for name in _RATINGS},
    **{name: (f"[prob. {name}]", f"prob. {name}", f"prob.{name}", name) for name in _EMOTIONS},
}


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation, the aggregate over raters, per image."""
    tables = find_tables(
        listing, "ground_truth.txt", "train_ground_truth.txt", "test_ground_truth.txt"
    )
    known = frozenset((*tables, *find_documents(listing)))
    files = [read_annotation_file(listing, path, "\t, ", unquoted="\t ") for path in tables]
    rows = stack_rows(files, _NEEDED)
    index = PictureIndex(path for path in listing.paths if path not in known)
    total = pl.sum_horizontal(number(name) for name in _EMOTIONS)
    judged = judge(
        index.resolve(rows, ("images/", "")),
        [
            *shape_checks(),
            *presence_checks("name"),
            *picture_checks(),
            *presence_checks(*_RATINGS, *_EMOTIONS),
            *(check for name in _RATINGS for check in number_checks(name, *_SCALE)),
            *(check for name in _EMOTIONS for check in number_checks(name, 0.0, 1.0)),
            Check(
                "bad_distribution",
                (total - 1.0).abs() > _SUM_TOLERANCE,
                pl.format("the probabilities add up to {}", total.round(6)),
            ),
            repetition_check("path"),
        ],
    )
    keyword = pl.col("name").str.replace_all("\\", "/", literal=True).str.split("/").list.first()
    return conclude(
        judged.with_columns(
            pl.col("name").alias("record_id"),
            pl.lit("aggregate").alias("annotator_id"),
            pl.lit(list(_EMOTIONS)).alias("native_labels"),
            pl.concat_list(number(name) for name in _EMOTIONS).alias("native_weights"),
            *(number(name).alias(f"native_{name}") for name in _RATINGS),
            pl.lit(_SCALE[0]).alias("scale_min"),
            pl.lit(_SCALE[1]).alias("scale_max"),
            pl.col("table_path").str.extract(r"(train|test)_[^/]*$").alias("source_split"),
            pl.struct(keyword.str.strip_chars().alias("search_keyword"))
            .struct.json_encode()
            .alias("record_attributes"),
        ),
        known,
        "ekman7",
        "evoked",
    )


SOURCE = SourceDataset(
    name="emotion6",
    title="Emotion6",
    licence="academic research only; the copyright of the images stays with their owners",
    is_redistributable=False,
    homepage="http://chenlab.ece.cornell.edu/people/kuanchuan/publications/Emotion6.zip",
    citation="Peng, Chen, Sadovnik and Gallagher 2015, CVPR, 860-868",
    label_space="ekman7",
    semantics="evoked",
    expected_files=1980,
    obtain="Download Emotion6.zip and unpack it: ground_truth.txt and the folder images/",
    read=read,
    expected_records=1980,
    downloads=(
        Download(
            url="http://chenlab.ece.cornell.edu/people/kuanchuan/publications/Emotion6.zip",
            name="Emotion6.zip",
            is_archive=True,
        ),
    ),
    needs=(
        "ground_truth.txt|train_ground_truth.txt",
        "ground_truth.txt|test_ground_truth.txt",
    ),
)
