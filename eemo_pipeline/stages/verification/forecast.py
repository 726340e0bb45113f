"""Estimates the calls and cost of a paid verifier before anything is sent.

Names the questions. The arithmetic and the meaning of low and high are in
`vlm/spending/forecast.py`.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.verifier import ROLE, STAGE, VerificationRequest
from eemo_pipeline.stages.verification.vlm_verifier import VisionVerifier
from eemo_pipeline.vlm.spending.forecast import Forecast, count_sizes, draw_line, reckon
from eemo_pipeline.vlm.spending.prices import Prices

_SHORT_REPLY = 10  # tokens: a label and a word of evidence


def forecast_verification(
    images: pl.DataFrame, unread: int, verifier: VisionVerifier, ledger: Ledger, prices: Prices
) -> Forecast:
    """Return the forecast of one question per image; arguments as for `forecast_annotation`.

    Raises:
        UnknownPrice: the model has no price.
    """
    requests = [VerificationRequest(image_id, Path()) for image_id in images["image_id"]]
    keys = {ask.key(ROLE, verifier.vlm.model): ask.image_id for ask in verifier.asks(requests)}
    answered = {keys[key] for key in ledger.answered(keys)}
    waiting = images.filter(~pl.col("image_id").is_in(list(answered)))
    sizes = count_sizes(waiting, unread, verifier.policy)
    low, high = reckon(verifier.vlm, verifier.request_for, sizes, prices, _SHORT_REPLY)
    return draw_line(STAGE, verifier.vlm, images.height + unread, len(answered), low, high)
