"""AesBench: 2,800 images with questions on evoked emotion and appearance (evaluation).

Reads `test_AesBench_AesE.json`, an object of images, each with `AesE_data` (evoked emotion:
`Question`, and `Options` as one text of lines "A) ...") beside the questions on perception
(`AesP_data`), assessment (`AesA1_data`) and interpretation (`AesI_data`), as distributed by
EEmo-Logic's authors. It has no gold answer, so no label is read: the questions of an image are one
annotation without labels, stored unchanged in the attributes.
"""

from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.json_rows import (
    JsonRow,
    as_cell,
    encode_given,
    json_checks,
    read_json_object,
    tabulate,
)
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    judge,
    picture_checks,
    presence_checks,
    repetition_check,
)
from eemo_pipeline.sources import SourceDataset

_TABLE = "test_AesBench_AesE.json"


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation per image named in the file."""
    tables = find_tables(listing, _TABLE)
    known = frozenset((*tables, *find_documents(listing)))
    rows = [row for path in tables for row in read_json_object(listing, path)]
    columns: dict[str, list[Any]] = {
        "name": [row.name for row in rows],
        "question": [as_cell(_question(row)) for row in rows],
        "attributes": [encode_given(row.fields) for row in rows],
    }
    frame = tabulate(rows, {}).with_columns(
        pl.Series(name, values, dtype=pl.String) for name, values in columns.items()
    )
    index = PictureIndex(path for path in listing.paths if path not in known)
    judged = judge(
        index.resolve(frame, ("", "images/")),
        [
            *json_checks(),
            *presence_checks("name", "question"),
            *picture_checks(),
            repetition_check("path"),
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


def _question(row: JsonRow) -> Any:
    part = row.fields.get("AesE_data")
    return part.get("Question") if isinstance(part, dict) else None


SOURCE = SourceDataset(
    name="aesbench",
    title="AesBench, questions on evoked emotion",
    licence="none stated with the file",
    is_redistributable=False,
    homepage="https://github.com/workerred/EEmo-Logic",
    citation="Huang et al. 2024, AesBench, arXiv 2401.08276",
    label_space="none",
    semantics="evoked",
    expected_files=2800,
    obtain=(
        "Take test_AesBench_AesE.json from test_data/ of github.com/workerred/EEmo-Logic and the "
        "images from the authors of AesBench"
    ),
    read=read,
    role="evaluation",
    expected_records=2800,
    needs=(_TABLE,),
)
