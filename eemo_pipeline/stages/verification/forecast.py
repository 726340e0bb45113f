"""What a verifier that is paid would call and cost, told before anything is called.

Belongs here: which questions it would be asked. Does not belong here: the arithmetic, and what low
and high mean (`vlm/forecast.py`).
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.verifier import ROLE, STAGE, VerificationRequest
from eemo_pipeline.stages.verification.vlm_verifier import VisionVerifier
from eemo_pipeline.vlm.spending.forecast import Forecast, count_sizes, draw_line, reckon
from eemo_pipeline.vlm.spending.prices import Prices

_SHORT_REPLY = 10  # tokens: a label, and a word of evidence


def forecast_verification(
    images: pl.DataFrame, unread: int, verifier: VisionVerifier, ledger: Ledger, prices: Prices
) -> Forecast:
    """One question per picture; arguments as of `forecast_annotation`.

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
