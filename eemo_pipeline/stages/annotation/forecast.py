"""Estimates the calls and cost of annotation before anything is sent.

Names the questions to paid annotators, in the first round and in the critic's later rounds. The
arithmetic and the meaning of low and high are in `vlm/spending/forecast.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.annotator import ROLE, AnnotationRequest, asks_for
from eemo_pipeline.stages.annotation.vlm_annotator import REVISE, VisionAnnotator
from eemo_pipeline.vlm.contract import EncodedPicture, VlmRequest
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.spending.forecast import (
    LATER_ROUNDS,
    RECORD_BYTES,
    Estimate,
    Forecast,
    count_sizes,
    draw_line,
    reckon,
)
from eemo_pipeline.vlm.spending.prices import Prices

_SHORT_REPLY = 120  # tokens


def forecast_annotation(
    images: pl.DataFrame,
    unread: int,
    annotators: Iterable[VisionAnnotator],
    ledger: Ledger,
    prices: Prices,
    later_rounds: int = LATER_ROUNDS,
) -> list[Forecast]:
    """Return two lines per annotator: the first round, and the later rounds of the critic.

    Args:
        images: image_id, width_px and height_px of the known images.
        unread: number of image files that are in no table yet; each counts as one large image.
        annotators: the paid annotators.
        ledger: holds the questions that are answered already.
        prices: prices of tokens.
        later_rounds: rounds of the critic after the first, at most.

    Raises:
        UnknownPrice: a model has no price.
    """
    return [
        line
        for annotator in annotators
        for line in _forecast(images, unread, annotator, ledger, prices, later_rounds)
    ]


def _forecast(
    images: pl.DataFrame,
    unread: int,
    annotator: VisionAnnotator,
    ledger: Ledger,
    prices: Prices,
    later_rounds: int,
) -> Iterator[Forecast]:
    def request_for(picture: EncodedPicture) -> VlmRequest:
        return annotator.request_for(AnnotationRequest("", Path()), picture)

    answered = _answered(annotator, images["image_id"].to_list(), ledger)
    waiting = images.filter(~pl.col("image_id").is_in(list(answered)))
    pictures = images.height + unread
    sizes = count_sizes(waiting, unread, annotator.policy)
    low, high = reckon(annotator.vlm, request_for, sizes, prices, _SHORT_REPLY)
    yield draw_line("annotation", annotator.vlm, pictures, len(answered), low, high)
    more = len(read_prompt(__name__, REVISE).encode()) + RECORD_BYTES
    every = count_sizes(images, unread, annotator.policy)
    _, again = reckon(annotator.vlm, request_for, every, prices, _SHORT_REPLY, more)
    later = sum([again] * later_rounds, Estimate())
    yield draw_line("critic", annotator.vlm, pictures, 0, Estimate(), later)


def _answered(annotator: VisionAnnotator, image_ids: Sequence[str], ledger: Ledger) -> set[str]:
    """Return the image_ids whose first answer is in the ledger."""
    asks = asks_for(annotator, [AnnotationRequest(image_id, Path()) for image_id in image_ids])
    keys = {ask.key(ROLE, annotator.model): ask.image_id for ask in asks}
    return {keys[key] for key in ledger.answered(keys)}
