"""Estimates the calls and cost of generated images before anything is sent.

The arithmetic and the meaning of low and high are in `vlm/spending/forecast.py`. The prompts are
those of the last run; a run that changes the records may have others. A prompt is asked once, so
low and high differ by the tokens of an image alone.
"""

from pathlib import Path

from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.generator import ROLE, STAGE
from eemo_pipeline.stages.expansion.model_generator import ModelGenerator
from eemo_pipeline.vlm.contract import Usage
from eemo_pipeline.vlm.spending.forecast import Estimate, Forecast, draw_line
from eemo_pipeline.vlm.spending.prices import Prices

_BYTES_PER_TOKEN = 5
_CHEAPEST_IMAGE = 16  # an image of low quality has a fifteenth of the tokens of a high one


def forecast_images(
    tables: Path, generator: ModelGenerator, ledger: Ledger, prices: Prices
) -> Forecast:
    """Return the forecast of one image per prompt without an answer.

    Args:
        tables: the folder of the tables.
        generator: the generator that a run would use.
        ledger: the answers so far.
        prices: prices of tokens and images.

    Raises:
        UnknownPrice: the model has no price.
    """
    prompts = scan_table(tables, "expansion__prompts").collect()
    asks = generator.asks(prompts)
    keys = [ask.key(ROLE, generator.model) for ask in asks]
    answered = ledger.answered(keys)
    low, high = Estimate(), Estimate()
    for key, ask in zip(keys, asks, strict=True):
        if key in answered:
            continue
        most = generator.vlm.bound_tokens(generator.request_for(*ask.payload))
        least = Usage(
            most.input_tokens // _BYTES_PER_TOKEN,
            most.output_tokens // _CHEAPEST_IMAGE,
            0,
            most.images,
        )
        low += _weigh(generator, prices, least)
        high += _weigh(generator, prices, most)
    return draw_line(STAGE, generator.vlm, prompts.height, len(answered), low, high)


def _weigh(generator: ModelGenerator, prices: Prices, usage: Usage) -> Estimate:
    cost = prices.cost(generator.provider, generator.model, usage)
    return Estimate(1, usage.input_tokens, usage.output_tokens, cost)
