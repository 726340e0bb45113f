"""Finds the regions of every kept image that show its subject.

The grounder itself is chosen in `resources/roles/grounders.py`; the embedded one is in
`saliency_grabcut.py`.
"""

import re
from pathlib import Path
from typing import Any

import polars as pl

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

_MOST_WORDS = 8
_PREPOSITION = re.compile(
    r"\b(?:at|behind|beside|by|for|from|in|near|of|on|over|to|under|with)\b.*"
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
    described = grounder.describe()
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
    asks = [
        Ask(request.image_id, request, dict(grounder.parameters(request))) for request in requests
    ]
    inquiry = Inquiry(ROLE, described.model, asks, grounder.perform, STAGE, described.provider)
    answers = answer_all(ledger, inquiry)
    rows = [
        row
        for ask, answer in zip(asks, answers.values, strict=True)
        for row in _rows(ask.image_id, described, answer)
    ]
    return AnsweredTable(pl.DataFrame(rows, schema=_TABLE.polars_schema), answers.work)


def phrases_of(subject: str | None, attribute: str | None) -> tuple[str, ...]:
    """Return what a detector searches for: subject, then attribute and subject, then head noun.

    The order of EmoVerse's detection queries. The words are untrusted: only letters, digits and
    hyphens are left of them, and at most eight words. The attribute is left out if the subject
    already contains it. The head noun is the last word before a preposition.
    """
    words = _plain(subject)
    if not words:
        return ()
    named = _plain(attribute)
    described = [] if not named or f" {' '.join(named)} " in f" {' '.join(words)} " else named
    head = _PREPOSITION.sub("", " ".join(words)).split()[-1:]
    wordings = (words, [*described, *words][:_MOST_WORDS], head)
    return tuple(dict.fromkeys(" ".join(wording) for wording in wordings if wording))


def _plain(text: str | None) -> list[str]:
    return re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", (text or "").casefold())[:_MOST_WORDS]


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
            "status": answer["status"],
            **{name: region.get(name) for name in _REGION_FIELDS},
        }
        for number, region in enumerate(regions, start=first)
    ]
