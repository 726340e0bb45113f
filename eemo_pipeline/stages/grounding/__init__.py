"""Finds the regions of every kept image that show its subject.

The grounder itself is chosen in `resources/roles/grounders.py`; the embedded one is in
`saliency_grabcut.py`, the checks of what others find in `region_checks.py`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.detection_phrases import phrases_of
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.grounder import (
    ROLE,
    STAGE,
    Grounder,
    GrounderDescription,
    GroundingRequest,
)
from eemo_pipeline.schema.tables import TABLES

_TABLE = TABLES["grounding__regions"]
_REGION_FIELDS = (
    *("reason", "x1_px", "y1_px", "x2_px", "y2_px", "score"),
    *("mask_score", "mask_share", "mask_size_px", "mask_counts"),
)


def ground(
    images: pl.DataFrame,
    decisions: pl.DataFrame,
    grounder: Grounder,
    ledger: Ledger,
    sources_dir: Path,
) -> AnsweredTable:
    """Build `grounding__regions`: at least one row per row of `images`, in their order.

    An image without a region has one row with region_no 0 and status "none". An image that cannot
    be read has one row with region_no 0 and status "error".

    Args:
        images: rows of `dedup__images`.
        decisions: rows of `verification__decisions`; the grounder receives their words.
        grounder: finds the regions.
        ledger: where answers are looked up and stored.
        sources_dir: the folder with one folder of images per source.
    """
    asks = _list_asks(images, decisions, grounder, sources_dir)
    return _answer(asks, grounder, ledger)


def ground_again(
    images: pl.DataFrame,
    before: pl.DataFrame,
    now: pl.DataFrame,
    grounder: Grounder,
    ledger: Ledger,
    sources_dir: Path,
) -> AnsweredTable:
    """Return rows of `grounding__regions` for the images whose words put another question.

    A grounder that ignores the words is asked nothing, and there are no rows.

    Args:
        images: rows of `dedup__images`.
        before: image_id, subject and attribute as they were grounded.
        now: image_id, subject and attribute as they are.
        grounder: finds the regions.
        ledger: where answers are looked up and stored.
        sources_dir: the folder with one folder of images per source.
    """
    earlier = _list_asks(images, before, grounder, sources_dir)
    later = _list_asks(images, now, grounder, sources_dir)
    changed = [
        ask
        for ask, former in zip(later, earlier, strict=True)
        if ask.parameters != former.parameters
    ]
    return _answer(changed, grounder, ledger)


def _list_asks(
    images: pl.DataFrame, decisions: pl.DataFrame, grounder: Grounder, sources_dir: Path
) -> list[Ask]:
    """Return one question per image, in their order."""
    words = {
        image_id: phrases_of(subject, attribute)
        for image_id, subject, attribute in decisions.select(
            "image_id", "subject", "attribute"
        ).iter_rows()
    }
    requests = [
        GroundingRequest(image_id, path, words.get(image_id, ()))
        for image_id, path in locate_files(images, sources_dir)
    ]
    return [
        Ask(request.image_id, request, dict(grounder.parameters(request))) for request in requests
    ]


def _answer(asks: Sequence[Ask], grounder: Grounder, ledger: Ledger) -> AnsweredTable:
    described = grounder.describe()
    inquiry = Inquiry(ROLE, described.model, asks, grounder.perform, STAGE, described.provider)
    answers = answer_all(ledger, inquiry)
    rows = [
        row
        for ask, answer in zip(asks, answers.values, strict=True)
        for row in _rows(ask.image_id, described, answer)
    ]
    return AnsweredTable(pl.DataFrame(rows, schema=_TABLE.polars_schema), answers.work)


def _rows(
    image_id: str, described: GrounderDescription, answer: dict[str, Any]
) -> list[dict[str, Any]]:
    regions = answer.get("regions") or [{"reason": answer.get("reason")}]
    first = 1 if answer.get("regions") else 0
    return [
        {
            "image_id": image_id,
            "region_no": number,
            "detector": described.detector,
            "segmenter": described.segmenter,
            "model": described.model,
            "method": described.method,
            "thresholds": described.thresholds,
            "phrase": answer.get("phrase"),
            "status": answer["status"],
            "left_out": answer.get("left_out"),
            **{name: region.get(name) for name in _REGION_FIELDS},
        }
        for number, region in enumerate(regions, start=first)
    ]
