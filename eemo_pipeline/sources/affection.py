"""Affection: 526,749 explanations of the emotions evoked by 85,007 images (Achlioptas et al. 2023).

Reads `language/version_0/affection_{raw,preprocessed}_public_version_0.csv` and images in folders
named after the column `dataset`, because names are unique only within one. If both files exist,
only the preprocessed one is read, which holds the same rows and the split.
"""

import polars as pl

from eemo_pipeline.readers.contract import WORKER, Listing, SourceTables
from eemo_pipeline.readers.delimited import empty_placeholders, is_given
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
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
from eemo_pipeline.sources import SourceDataset

_NAME = "affection"
_TABLES = (
    "language/version_0/affection_preprocessed_public_version_0.csv",
    "language/version_0/affection_raw_public_version_0.csv",
)
_NEEDED = {
    "workerid": ("workerid",),
    "utterance": ("utterance",),
    "emotion": ("emotion",),
    "dataset": ("dataset",),
    "image_name": ("image_name",),
}
_OPTIONAL = {"split": ("split",)}


def read(listing: Listing) -> SourceTables:
    """Return one record per image and one annotation per row: worker, emotion and explanation."""
    found = find_tables(listing, *_TABLES)
    tables = [path for path in found if path.casefold().endswith(_TABLES[0])] or found
    known = frozenset((*found, *find_documents(listing)))
    rows = stack_rows([read_annotation_file(listing, path) for path in tables], _NEEDED, _OPTIONAL)
    index = PictureIndex(path for path in listing.paths if path not in known)
    named = rows.with_columns(
        *empty_placeholders("utterance"),
        pl.when(is_given("dataset") & is_given("image_name"))
        .then(pl.concat_str("dataset", "image_name", separator="/"))
        .alias("name"),
    )
    judged = judge(
        index.resolve(named, ("", "images/")),
        [
            *shape_checks(),
            *presence_checks("dataset", "image_name", "workerid", "emotion"),
            *picture_checks(),
            Check(
                "unknown_label",
                ~known_label(pl.col("emotion"), "affection9"),
                cell_detail("emotion"),
            ),
        ],
    )
    return conclude(
        judged.with_columns(
            pl.col("name").alias("record_id"),
            pl.concat_str(pl.lit(WORKER), "workerid").alias("annotator_id"),
            pl.lit(1).alias("rater_count"),
            pl.concat_list("emotion").alias("native_labels"),
            pl.lit([1.0]).alias("native_weights"),
            pl.when(is_given("utterance")).then("utterance").alias("comment"),
            pl.when(is_given("split")).then("split").alias("source_split"),
        ),
        known,
        "affection9",
        "evoked",
    )


SOURCE = SourceDataset(
    name=_NAME,
    title="Affection: learning affective explanations for real-world visual data",
    licence="terms of use of the authors, on request; no redistribution",
    is_redistributable=False,
    homepage="https://affective-explanations.org",
    citation="Achlioptas, Ovsjanikov, Guibas and Tulyakov 2023, CVPR, 6641-6651",
    label_space="affection9",
    semantics="evoked",
    expected_files=85007,
    obtain=(
        "Request the annotations from the authors; collect the images from COCO, Visual "
        "Genome, Flickr30k, FI and the Emotional Machines set, each in a folder of its own name"
    ),
    read=read,
    expected_records=85007,
    embeds=("coco", "visual_genome", "flickr30k", "fi", "emotional_machines"),
    needs=("affection_preprocessed_public_version_0.csv|affection_raw_public_version_0.csv",),
)
