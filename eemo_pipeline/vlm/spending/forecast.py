"""Estimates the calls, tokens and cost of a stage's questions before anything is sent.

The module `forecast` of each stage, such as `stages/critic/forecast.py`, chooses its questions;
`cli/dry_run.py` shows the numbers.

Low estimate: every open question is answered at its first attempt, English text has five bytes per
token, and the reply is short. High estimate: every question uses all its reasks, each at the upper
bound that a budget reserves. Neither includes attempts that fail, because most providers do not
bill them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from eemo_pipeline.vlm.contract import EncodedPicture, Usage, VisionLanguageModel, VlmRequest
from eemo_pipeline.vlm.image_encoding import PicturePolicy
from eemo_pipeline.vlm.questions import Limits
from eemo_pipeline.vlm.spending.prices import Prices

LATER_ROUNDS = 2  # rounds of the critic after the first
RECORD_BYTES = 3000  # size of an earlier answer with the critic's remarks
_BYTES_PER_TOKEN = 5
_COMPLAINT = 200  # tokens
_NANO = 1e9

# (width, height) in pixels, as sent -> images
Sizes = Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class Forecast:
    """The estimate for one model in one stage, from low to high.

    Attributes:
        answered: Questions whose answer is in the ledger; they cost nothing.
        input_tokens_low: Images included, as in all token counts below.
    """

    stage: str
    provider: str
    model: str
    pictures: int
    answered: int
    calls_low: int
    calls_high: int
    input_tokens_low: int
    input_tokens_high: int
    output_tokens_low: int
    output_tokens_high: int
    usd_low: float
    usd_high: float


@dataclass(frozen=True)
class Estimate:
    """Calls, tokens and nano-USD."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nano_usd: int = 0

    def __add__(self, other: "Estimate") -> "Estimate":
        """Return the sum of both."""
        return Estimate(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.nano_usd + other.nano_usd,
        )

    def times(self, count: int) -> "Estimate":
        """Return the sum of `count` such estimates."""
        return Estimate(
            count * self.calls,
            count * self.input_tokens,
            count * self.output_tokens,
            count * self.nano_usd,
        )


def count_sizes(images: pl.DataFrame, unread: int, policy: PicturePolicy) -> Sizes:
    """Count images by their size as sent; an unread file counts as a large image.

    Args:
        images: Columns image_id, width_px and height_px.
        unread: Number of image files that no table contains yet.
        policy: How images are downscaled.
    """
    sizes = Counter(
        policy.fit(*size) for size in images.select("width_px", "height_px").iter_rows()
    )
    sizes[policy.long_side_px, policy.long_side_px] += unread
    return sizes


def reckon(
    model: VisionLanguageModel,
    request_for: Callable[[EncodedPicture], VlmRequest],
    sizes: Sizes,
    prices: Prices,
    short_reply: int,
    more_bytes: int = 0,
) -> tuple[Estimate, Estimate]:
    """Return the low and the high estimate of one question about each image.

    Args:
        model: The model that answers.
        request_for: Creates the request for an encoded image.
        sizes: The images, counted by size.
        prices: Prices per token.
        short_reply: Tokens of a short reply.
        more_bytes: Additional bytes of text in a real image's request.

    Raises:
        UnknownPrice: The model has no price.
    """
    low, high = Estimate(), Estimate()
    for (width, height), count in sizes.items():
        if not count:
            continue
        request = request_for(EncodedPicture(b"", "image/jpeg", width, height))
        bound = model.bound_tokens(request)
        text = model.bound_tokens(replace(request, pictures=())).input_tokens
        pictures = bound.input_tokens - text
        least = Usage(pictures + (text + more_bytes) // _BYTES_PER_TOKEN, short_reply)
        low += _weigh(model, prices, count, least)
        for earlier in range(1 + Limits().reasks):
            turns = earlier * (request.max_output_tokens + _COMPLAINT)
            most = Usage(bound.input_tokens + more_bytes + turns, bound.output_tokens)
            high += _weigh(model, prices, count, most)
    return low, high


def reckon_text(
    model: VisionLanguageModel,
    request: VlmRequest,
    prices: Prices,
    short_reply: int,
    tries: int = 1,
) -> tuple[Estimate, Estimate]:
    """Return the low and the high estimate of one question without an image.

    Args:
        model: The model that answers.
        request: The request of the question.
        prices: Prices per token.
        short_reply: Tokens of a short reply.
        tries: How often the question may be asked with the faults of its answers. Each is a
            question of its own, which repeats the earlier answers.

    Raises:
        UnknownPrice: The model has no price.
    """
    bound = model.bound_tokens(request)
    turn = request.max_output_tokens + _COMPLAINT
    least = Usage(bound.input_tokens // _BYTES_PER_TOKEN, short_reply)
    high = Estimate()
    for number in range(tries):
        for earlier in range(number, number + 1 + Limits().reasks):
            most = Usage(bound.input_tokens + earlier * turn, bound.output_tokens)
            high += _weigh(model, prices, 1, most)
    return _weigh(model, prices, 1, least), high


def draw_line(
    stage: str,
    model: VisionLanguageModel,
    pictures: int,
    answered: int,
    low: Estimate,
    high: Estimate,
) -> Forecast:
    """Return the forecast of a stage."""
    return Forecast(
        stage,
        model.provider,
        model.model,
        pictures,
        answered,
        low.calls,
        high.calls,
        low.input_tokens,
        high.input_tokens,
        low.output_tokens,
        high.output_tokens,
        round(low.nano_usd / _NANO, 6),
        round(high.nano_usd / _NANO, 6),
    )


def _weigh(model: VisionLanguageModel, prices: Prices, count: int, usage: Usage) -> Estimate:
    cost = prices.cost(model.provider, model.model, usage)
    return Estimate(count, count * usage.input_tokens, count * usage.output_tokens, count * cost)
