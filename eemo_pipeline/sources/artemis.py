"""ArtEmis: 454,684 explanations of emotions evoked by 80,031 paintings (Achlioptas et al. 2021).

Reads `artemis_dataset_release_v0.csv`, one row per annotation, or the authors' preprocessed form of
it, which adds `split`; and WikiArt's images, a dataset of its own, as `<art_style>/<painting>.jpg`.
Evaluation: no image of it is used for training.

The names of 757 paintings and of their files have accents that were damaged in two different ways.
They are matched by the characters that both kept, where that is unique, and recorded as folded.
Annotators are not identified. Labels, including "something else", are unchanged.
"""

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.delimited import empty_placeholders, is_given
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex, fold_accents, fold_to_plain_letters
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

_LABEL_SPACE = "affection9"
_FOLDERS = ("", "wikiart/", "images/")
_RELEASE = "artemis_dataset_release_v0.csv"
_PREPROCESSED = "artemis_preprocessed.csv"
_NEEDED = {
    "art_style": ("art_style",),
    "painting": ("painting",),
    "emotion": ("emotion",),
    "utterance": ("utterance",),
}
_OPTIONAL = {"repetition": ("repetition",), "split": ("split",)}


def read(listing: Listing) -> SourceTables:
    """Return one record per painting and one annotation per row: an emotion and an explanation."""
    release, preprocessed = (find_tables(listing, name) for name in (_RELEASE, _PREPROCESSED))
    tables = preprocessed or release
    known = frozenset((*release, *preprocessed, *find_documents(listing)))
    rows = stack_rows([read_annotation_file(listing, path) for path in tables], _NEEDED, _OPTIONAL)
    named = rows.with_columns(
        *empty_placeholders("utterance"),
        pl.when(is_given("art_style") & is_given("painting"))
        .then(pl.format("{}/{}.jpg", "art_style", "painting"))
        .alias("name"),
    )
    index = PictureIndex(path for path in listing.paths if path not in known)
    judged = judge(
        index.resolve(named, _FOLDERS, (fold_accents, fold_to_plain_letters)),
        [
            *shape_checks(),
            *presence_checks("art_style", "painting", "emotion"),
            *picture_checks(),
            Check(
                "unknown_label",
                ~known_label(pl.col("emotion"), _LABEL_SPACE),
                cell_detail("emotion"),
            ),
        ],
    )
    return conclude(
        judged.with_columns(
            pl.concat_str("art_style", "painting", separator="/").alias("record_id"),
            pl.lit("anonymous").alias("annotator_id"),
            pl.lit(1).alias("rater_count"),
            pl.concat_list("emotion").alias("native_labels"),
            pl.lit([1.0]).alias("native_weights"),
            pl.when(is_given("utterance")).then("utterance").alias("comment"),
            pl.when(is_given("split")).then("split").alias("source_split"),
            pl.struct("art_style", "painting", "repetition")
            .struct.json_encode()
            .alias("record_attributes"),
        ),
        known,
        _LABEL_SPACE,
        "evoked",
    )


SOURCE = SourceDataset(
    name="artemis",
    title="ArtEmis: affective language for visual art",
    licence="terms of use of the authors, on request; no redistribution",
    is_redistributable=False,
    homepage="https://github.com/optas/artemis",
    citation="Achlioptas, Ovsjanikov, Haydarov, Elhoseiny and Guibas 2021, CVPR, 11569-11579",
    label_space=_LABEL_SPACE,
    semantics="evoked",
    expected_files=80031,
    obtain=(
        "Request artemis_dataset_release_v0.csv from the authors; put WikiArt's images beside "
        "it as wikiart/<art_style>/<painting>.jpg"
    ),
    read=read,
    image_type="Artistic",
    role="evaluation",
    expected_records=80031,
    embeds=("wikiart",),
    needs=(f"{_RELEASE}|{_PREPROCESSED}",),
)
