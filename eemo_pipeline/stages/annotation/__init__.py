"""Asks every annotator about every kept picture: the first round.

Belongs here: which pictures are asked about. Does not belong here: the contract of an annotator
(`replies.py`), later rounds (`critic/`), or what an embedded annotator does (the other modules).
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.annotator import AnnotationRequest, Annotator, ask_annotators
from eemo_pipeline.schema.tables import TABLES


def annotate(
    images: pl.DataFrame, annotators: Sequence[Annotator], ledger: Ledger, sources_dir: Path
) -> AnsweredTable:
    """One row of `annotation__replies` per picture of `images` and annotator.

    `images` needs image_id, source and path; the file is `sources_dir/source/path`. A picture
    that an annotator cannot read or refuses is a row with its status and reason.
    """
    requests = [
        AnnotationRequest(image_id, path) for image_id, path in locate_files(images, sources_dir)
    ]
    tables = ask_annotators([(annotator, requests) for annotator in annotators], ledger)
    return AnsweredTable.join(tables, TABLES["annotation__replies"].empty())
