"""Finds the regions of every kept picture that carry its subject.

Belongs here: which pictures are asked about, and the rows made of the answers. Does not belong
here: the detector and segmenter (`saliency_grabcut.py`), boxes (`regions.py`), masks (`masks.py`).
"""

from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.execution.process_pool import Workers, perform_on_pictures
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.grounding.saliency_grabcut import (
    DETECTOR,
    METHOD,
    MODEL,
    SEGMENTER,
    GroundingRequest,
    find_regions,
)

_TABLE = TABLES["grounding__regions"]
_REGION_FIELDS = (
    *("reason", "x1_px", "y1_px", "x2_px", "y2_px", "score"),
    *("mask_score", "mask_share", "mask_size_px", "mask_counts"),
)


def ground(
    images: pl.DataFrame, ledger: Ledger, workers: Workers, sources_dir: Path
) -> AnsweredTable:
    """The rows of `grounding__regions` for the pictures of `images`, at least one each.

    `images` needs image_id, source and path; the file is `sources_dir/source/path`. A picture in
    which nothing stands out has one row with region_no 0 and status "none"; one that cannot be
    read has one with status "error".
    """
    asks = [
        Ask(image_id, GroundingRequest(image_id, sources_dir / source / path))
        for image_id, source, path in images.select("image_id", "source", "path").rows()
    ]
    perform = perform_on_pictures(workers, find_regions, "Finding regions")
    answers = answer_all(ledger, Inquiry("grounder", MODEL, asks, perform, stage="grounding"))
    rows = [
        row
        for ask, answer in zip(asks, answers.values, strict=True)
        for row in _rows(ask.image_id, answer)
    ]
    frame = pl.DataFrame(rows, schema=_TABLE.polars_schema)
    return AnsweredTable(frame, answers.work)


def _rows(image_id: str, answer: dict[str, Any]) -> list[dict[str, Any]]:
    regions = answer.get("regions") or [{"reason": answer.get("reason")}]
    first = 1 if answer.get("regions") else 0
    return [
        {
            "image_id": image_id,
            "region_no": number,
            "detector": DETECTOR,
            "segmenter": SEGMENTER,
            "model": MODEL,
            "method": METHOD,
            "status": answer["status"],
            **{name: region.get(name) for name in _REGION_FIELDS},
        }
        for number, region in enumerate(regions, start=first)
    ]
