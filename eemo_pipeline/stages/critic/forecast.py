"""What a critic that is paid would call and cost, told before anything is called.

Belongs here: which questions it would be asked. Does not belong here: the arithmetic, and what low
and high mean (`vlm/forecast.py`).

What the second and the third call ask depends on answers that do not exist yet, so that the ledger
is looked up for the first alone; a picture whose scene it holds is not counted in the low estimate.
Pictures that the rules reject are not asked about, but nobody knows yet which these are.
"""

from functools import partial

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.critic.model_critic import PROMPTS, STAGE, ModelCritic
from eemo_pipeline.stages.critic.reply_schemas import SCENE, WORDS, feeling_schema
from eemo_pipeline.vlm.spending.forecast import (
    LATER_ROUNDS,
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
    """Two lines: three questions per picture, and two after each revision.

    Arguments as of `forecast_annotation`; `answered` counts questions, here scenes.

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
    later = sum([rest_high] * LATER_ROUNDS, Estimate())
    return [
        draw_line(STAGE, critic.vlm, pictures, len(answered), low, high),
        draw_line(STAGE, critic.vlm, pictures, 0, Estimate(), later),
    ]


def _reckon_rest(critic: ModelCritic, sizes: Sizes, prices: Prices) -> tuple[Estimate, Estimate]:
    """Feeling, shown two labels as of a contested emotion, and words."""
    low, high = Estimate(), Estimate()
    for prompt, schema in ((PROMPTS[1], feeling_schema(MIKELS_8[:2])), (PROMPTS[2], WORDS)):
        request_for = partial(critic.request_for, prompt, schema, {})
        least, most = reckon(critic.vlm, request_for, sizes, prices, _SHORT_REPLY, RECORD_BYTES)
        low, high = low + least, high + most
    return low, high
