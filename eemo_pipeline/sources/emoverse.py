"""EmoVerse: records of background, attribute, subject and emotion, written by models.

Reads every `.json` (a list of records, or one) and `.jsonl` (one per line) of the folder, in the
layout of the authors' repository or of their dataset card; the two may be mixed. No file names have
been published. What this pipeline exports as `emoverse` can be read back.

The emotion of a record is a model's and not people's. So it is kept as the native label, and counts
as nobody's: semantics is none, and no label, no vote and no item follows from it. The words, boxes
and confidence are attributes. The vector (`DES`) is not kept, since only the authors' model reads
it; its length is.
"""

from dataclasses import replace
from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.emoverse_records import SPELLINGS, WORDS, parse_record
from eemo_pipeline.readers.finding import find_documents
from eemo_pipeline.readers.json_rows import (
    JsonRow,
    encode_given,
    json_checks,
    pick,
    read_json_lines,
    read_json_list,
    tabulate,
)
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    known_label,
    picture_checks,
    presence_checks,
    repetition_check,
)
from eemo_pipeline.sources import SourceDataset

_LABEL_SPACE = "mikels8"
_VECTORS = ("DES", "DES_representation")
_LENGTH = "vector_length"
_HEADERS = {
    "name": SPELLINGS["image"],
    "emotion": SPELLINGS["emotion"],
    "external_id": SPELLINGS["external_id"],
    "split": ("split",),
}


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation, the models', per image."""
    documents = find_documents(listing)
    lists = [path for path in listing.paths if path.casefold().endswith(".json")]
    lines = [path for path in listing.paths if path.casefold().endswith(".jsonl")]
    known = frozenset((*documents, *lists, *lines))
    # A vector of 1024 numbers takes a hundred times the memory of the words beside it.
    rows = [
        *(_shorten(row) for path in lists for row in read_json_list(listing, path)),
        *(_shorten(row) for path in lines for row in read_json_lines(listing, path)),
    ]
    index = PictureIndex(path for path in listing.paths if path not in known)
    judged = judge(
        index.resolve(tabulate(rows, _HEADERS)),
        [
            *json_checks(),
            *presence_checks("name", "emotion"),
            *picture_checks(),
            Check(
                "unknown_label",
                ~known_label(pl.col("emotion"), _LABEL_SPACE),
                cell_detail("emotion"),
            ),
            repetition_check("path"),
        ],
    )
    has_id = pl.col("external_id").str.strip_chars() != ""
    attributes = pl.Series([_describe(row) for row in rows], dtype=pl.String)
    return conclude(
        judged.with_columns(
            pl.when(has_id).then("external_id").otherwise("path").alias("record_id"),
            pl.lit("models").alias("annotator_id"),
            pl.col("emotion").alias("native_label"),
            pl.col("split").alias("source_split"),
            pl.concat_list("emotion").alias("native_labels"),
            pl.lit([1.0]).alias("native_weights"),
            attributes.alias("record_attributes"),
        ),
        known,
        _LABEL_SPACE,
        "none",
    )


def _shorten(row: JsonRow) -> JsonRow:
    """Return the row with the length of its vector in place of the vector."""
    vector = pick(row.fields, _VECTORS)
    if not isinstance(vector, list):
        return row
    kept = {name: value for name, value in row.fields.items() if name not in _VECTORS}
    return replace(row, fields=kept | {_LENGTH: len(vector)})


def _describe(row: JsonRow) -> str | None:
    """Return the fields besides image and emotion, and those that cannot be used, as JSON."""
    if row.refusal:
        return None
    record, unusable = parse_record(row.fields)
    given: dict[str, Any] = {
        "external_id": record.external_id,
        **{name: getattr(record, name) for name in WORDS},
        "confidence": record.confidence,
        "boxes": [list(box) for box in record.boxes],
        "origin": record.origin,
        "image_type": pick(row.fields, SPELLINGS["image_type"]),
        _LENGTH: row.fields.get(_LENGTH),
        "unusable": unusable,
    }
    return encode_given(given)


SOURCE = SourceDataset(
    name="emoverse",
    title="EmoVerse: background, attribute and subject of evoked emotions, by models",
    licence="CC BY-NC 4.0 by the dataset's card; its repository asks not to redistribute yet",
    is_redistributable=False,
    homepage="https://github.com/alkaline-acid/EmoVerse",
    citation="EmoVerse, arXiv 2511.12554",
    label_space=_LABEL_SPACE,
    semantics="none",
    expected_files=None,
    expected_records=234189,
    obtain=(
        "Take images and records from Hugging Face (PiLabUSTC/EmoVerse-Dataset); put the records "
        "as .json or .jsonl beside the images that they name"
    ),
    read=read,
    embeds=("emoset", "emoart", "flickr30k"),
)
