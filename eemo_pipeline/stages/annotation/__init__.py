"""The first round of annotation: asks every annotator about every kept image.

The contract of an annotator is in `roles/annotator.py`; later rounds belong to `stages/critic/`.
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
    """Build `annotation__replies`: one row per image of `images` and annotator.

    `images` needs image_id, source and path; the file is `sources_dir/source/path`. An image that
    an annotator cannot read or refuses has a row with its status and reason.
    """
    requests = [
        AnnotationRequest(image_id, path) for image_id, path in locate_files(images, sources_dir)
    ]
    tables = ask_annotators([(annotator, requests) for annotator in annotators], ledger)
    return AnsweredTable.join(tables, TABLES["annotation__replies"].empty())
