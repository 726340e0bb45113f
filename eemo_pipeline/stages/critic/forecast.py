"""Estimates the calls and cost of a paid critic before anything is sent.

Names the questions. The arithmetic and the meaning of low and high are in
`vlm/spending/forecast.py`.

The second and third calls depend on answers that do not exist yet, so the ledger is searched for
the first call alone. An image whose scene is in the ledger is left out of the low estimate. Images
that the rules will reject are counted, because they are not known yet.
"""

from functools import partial

import polars as pl

from eemo_pipeline.aggregation.decide import TEXT_FIELDS
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.critic.model_critic import PROMPTS, STAGE, ModelCritic
from eemo_pipeline.stages.critic.reply_schemas import SCENE, feeling_schema, words_schema
from eemo_pipeline.vlm.spending.forecast import (
    RECORD_BYTES,
    Estimate,
    Forecast,
    Sizes,
    count_sizes,
    draw_line,
    reckon,
)
from eemo_pipeline.vlm.spending.prices import Prices

_SHORT_REPLY = 50  # tokens


def forecast_criticism(
    images: pl.DataFrame, unread: int, critic: ModelCritic, ledger: Ledger, prices: Prices
) -> list[Forecast]:
    """Return two lines: three questions per image, and two after each revision.

    Arguments as for `forecast_annotation`; `answered` counts questions, here scenes.

    Raises:
        UnknownPrice: the model has no price.
    """
    keys = {critic.scene_key(image_id): image_id for image_id in images["image_id"]}
    answered = {keys[key] for key in ledger.answered(keys)}
    waiting = images.filter(~pl.col("image_id").is_in(list(answered)))
    open_sizes = count_sizes(waiting, unread, critic.policy)
    scene = partial(critic.request_for, PROMPTS[0], SCENE, {})
    scene_low, scene_high = reckon(critic.vlm, scene, open_sizes, prices, _SHORT_REPLY)
    rest_low, _ = _reckon_rest(critic, open_sizes, prices)
    _, rest_high = _reckon_rest(critic, count_sizes(images, unread, critic.policy), prices)
    pictures = images.height + unread
    low, high = scene_low + rest_low, scene_high + rest_high
    later = sum([rest_high] * (critic.limits.max_rounds - 1), Estimate())
    return [
        draw_line(STAGE, critic.vlm, pictures, len(answered), low, high),
        draw_line(STAGE, critic.vlm, pictures, 0, Estimate(), later),
    ]


def _reckon_rest(critic: ModelCritic, sizes: Sizes, prices: Prices) -> tuple[Estimate, Estimate]:
    """Estimate the feeling and the words step, of an image on which everything is contested."""
    low, high = Estimate(), Estimate()
    schemas = (feeling_schema(MIKELS_8[:2], TEXT_FIELDS), words_schema(TEXT_FIELDS))
    for prompt, schema in zip(PROMPTS[1:], schemas, strict=True):
        request_for = partial(critic.request_for, prompt, schema, {})
        least, most = reckon(critic.vlm, request_for, sizes, prices, _SHORT_REPLY, RECORD_BYTES)
        low, high = low + least, high + most
    return low, high
