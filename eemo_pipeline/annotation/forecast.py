"""What annotation would call and cost, told before anything is called.

Belongs here: counting calls, tokens and money for annotators that are paid. Does not belong here:
finding pictures, or showing the numbers (`cli/forecasting.py`).

Low: every open question is answered at its first attempt, English text has five bytes per token,
a reply 120 tokens. High: every question takes all its attempts, each at the bound that a budget
reserves, and the critic sends every picture through all its rounds. Attempts that fail on the way
are in neither: most providers do not bill them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from eemo_pipeline.annotation.vision import REVISE, VisionAnnotator, read_prompt
from eemo_pipeline.ledger import Ledger
from eemo_pipeline.replies import ROLE, AnnotationRequest, asks_for
from eemo_pipeline.vlm import EncodedPicture, Usage
from eemo_pipeline.vlm.prices import Prices
from eemo_pipeline.vlm.questions import Limits

LATER_ROUNDS = 2
_BYTES_PER_TOKEN = 5
_SHORT_REPLY = 120
_COMPLAINT = 200  # tokens
_RECORD = 3000  # bytes of an earlier answer and the critic's remarks
_NANO = 1e9

# (width, height) in pixels -> pictures
Sizes = Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class Forecast:
    """What one model would be asked in one stage; from the low to the high estimate.

    Attributes:
        answered: questions whose answer the ledger holds; they cost nothing.
        input_tokens_low: pictures included, and so in all that follow.
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


def forecast_annotation(
    images: pl.DataFrame,
    unread: int,
    annotators: Iterable[VisionAnnotator],
    ledger: Ledger,
    prices: Prices,
) -> list[Forecast]:
    """Two lines per annotator: the first round, and what the critic may ask for after it.

    Args:
        images: image_id, width_px and height_px of the pictures that are known.
        unread: picture files that no table knows yet; each is counted as one large picture.
        annotators: those that are paid.
        ledger: what is answered already.
        prices: what tokens cost.

    Raises:
        UnknownPrice: a model has no price.
    """
    return [
        line
        for annotator in annotators
        for line in _forecast(images, unread, annotator, ledger, prices)
    ]


def _forecast(
    images: pl.DataFrame, unread: int, annotator: VisionAnnotator, ledger: Ledger, prices: Prices
) -> Iterator[Forecast]:
    answered = _answered(annotator, images["image_id"].to_list(), ledger)
    fit = annotator.policy.fit
    largest = (annotator.policy.long_side_px, annotator.policy.long_side_px)
    every = Counter(fit(*size) for size in images.select("width_px", "height_px").iter_rows())
    waiting = images.filter(~pl.col("image_id").is_in(list(answered)))
    open_sizes = Counter(fit(*size) for size in waiting.select("width_px", "height_px").iter_rows())
    for sizes in (every, open_sizes):
        sizes[largest] += unread
    name = (annotator.provider, annotator.model, images.height + unread)
    low, high = _work(annotator, open_sizes, prices, rounds=1, extra=0)
    yield _line("annotation", *name, len(answered), low, high)
    extra = len(read_prompt(REVISE).encode()) + _RECORD
    _, high = _work(annotator, every, prices, rounds=LATER_ROUNDS, extra=extra)
    yield _line("critic", *name, 0, _Work(), high)


def _answered(annotator: VisionAnnotator, image_ids: Sequence[str], ledger: Ledger) -> set[str]:
    """The pictures whose first answer the ledger holds."""
    asks = asks_for(annotator, [AnnotationRequest(image_id, Path()) for image_id in image_ids])
    keys = {ask.key(ROLE, annotator.model): ask.image_id for ask in asks}
    return {keys[key] for key in ledger.database.find_keys(list(keys))}


@dataclass(frozen=True)
class _Work:
    """Calls, tokens and nano-USD."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nano_usd: int = 0

    def plus(self, calls: int, usage: Usage, nano_usd: int) -> "_Work":
        return _Work(
            self.calls + calls,
            self.input_tokens + calls * usage.input_tokens,
            self.output_tokens + calls * usage.output_tokens,
            self.nano_usd + calls * nano_usd,
        )


def _work(
    annotator: VisionAnnotator, sizes: Sizes, prices: Prices, rounds: int, extra: int
) -> tuple[_Work, _Work]:
    """The least and the most that the questions take; `extra` bytes stand in every request."""
    low, high = _Work(), _Work()
    for (width, height), count in sizes.items():
        if not count:
            continue
        picture = EncodedPicture(b"", "image/jpeg", width, height)
        request = annotator.request_for(AnnotationRequest("", Path()), picture)
        bound = annotator.vlm.bound_tokens(request)
        text = annotator.vlm.bound_tokens(replace(request, pictures=())).input_tokens
        pictures = bound.input_tokens - text
        least = Usage(pictures + (text + extra) // _BYTES_PER_TOKEN, _SHORT_REPLY)
        low = low.plus(count, least, _cost(annotator, prices, least))
        for earlier in range(1 + Limits().reasks):
            turns = earlier * (request.max_output_tokens + _COMPLAINT)
            most = Usage(bound.input_tokens + extra + turns, bound.output_tokens)
            high = high.plus(count * rounds, most, _cost(annotator, prices, most))
    return low, high


def _cost(annotator: VisionAnnotator, prices: Prices, usage: Usage) -> int:
    return prices.cost(annotator.provider, annotator.model, usage)


def _line(
    stage: str, provider: str, model: str, pictures: int, answered: int, low: _Work, high: _Work
) -> Forecast:
    return Forecast(
        stage,
        provider,
        model,
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
