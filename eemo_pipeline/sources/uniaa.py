"""UNIAA, sentiment part: 464 questions on the atmosphere that images convey (evaluation).

Reads `test_UNIAA_Sent.json`, a list of questions with `img_path`, `question`, `options` and
`answer`, as distributed by EEmo-Logic's authors. Its categories (solitude, warmth, positive,
appealing, ...) are kinds of questions, not emotions chosen by raters, so no label is read: a
question is an annotation without labels, its fields unchanged in the attributes.
"""

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.json_rows import encode_given, json_checks, read_json_list, tabulate
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    judge,
    picture_checks,
    presence_checks,
    repetition_check,
)
from eemo_pipeline.sources import SourceDataset

_TABLE = "test_UNIAA_Sent.json"
_HEADERS = {"name": ("img_path",), "question": ("question",), "options": ("options", "candidates")}


def read(listing: Listing) -> SourceTables:
    """Return one record per image that a question names, and one annotation per question."""
    tables = find_tables(listing, _TABLE)
    known = frozenset((*tables, *find_documents(listing)))
    rows = [row for path in tables for row in read_json_list(listing, path)]
    attributes = [
        encode_given({name: row.fields[name] for name in row.fields if name != "img_path"})
        for row in rows
    ]
    frame = tabulate(rows, _HEADERS).with_columns(
        pl.Series("attributes", attributes, dtype=pl.String)
    )
    index = PictureIndex(path for path in listing.paths if path not in known)
    asked = index.resolve(frame, ("", "images/")).with_columns(
        pl.concat_str("path", "question", pl.col("options").fill_null(""), separator="\n").alias(
            "image and question"
        )
    )
    judged = judge(
        asked,
        [
            *json_checks(),
            *presence_checks("name", "question"),
            *picture_checks(),
            repetition_check("image and question"),
        ],
    )
    return conclude(
        judged.with_columns(
            pl.col("path").alias("record_id"), pl.lit("benchmark").alias("annotator_id")
        ),
        known,
        "none",
        "evoked",
    )


SOURCE = SourceDataset(
    name="uniaa",
    title="UNIAA-Bench, questions on sentiment",
    licence="none stated with the file",
    is_redistributable=False,
    homepage="https://github.com/workerred/EEmo-Logic",
    citation="Zhou et al. 2024, UNIAA, arXiv 2404.09619",
    label_space="none",
    semantics="evoked",
    expected_files=None,
    obtain=(
        "Take test_UNIAA_Sent.json from test_data/ of github.com/workerred/EEmo-Logic and the "
        "images, emotion_images/, from the authors of UNIAA"
    ),
    read=read,
    role="evaluation",
    needs=(_TABLE,),
)
