"""Prices of the local models, and the server's own billing arithmetic.

It is independent of the pipeline's (`eemo_pipeline/vlm/spending/prices.py`): both compute from the
same figures in `eemo_pipeline/vlm/prices.toml`, so that one can check the other.
"""

import math
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files

from resources.local_server.asked import Tokens

PROVIDERS = ("local_openai", "local_gemini")


@dataclass(frozen=True)
class Price:
    """Exact nano-USD per token and per image; a thousand is one USD per million tokens."""

    input: Fraction
    output: Fraction
    batch_share: Fraction
    image: Fraction


@cache
def read_prices() -> dict[tuple[str, str], Price]:
    """Return (provider, model) -> price of every model of this server."""
    text = files("eemo_pipeline.vlm").joinpath("prices.toml").read_text("utf-8")
    # Fractions keep the written decimal numbers exact.
    tables = tomllib.loads(text, parse_float=Fraction)
    return {
        (provider, model): Price(
            1000 * Fraction(entry["input"]),
            1000 * Fraction(entry["output"]),
            Fraction(entry.get("batch_share", 1)),
            10**9 * Fraction(entry.get("image", 0)),
        )
        for provider in PROVIDERS
        for model, entry in tables[provider].items()
        if isinstance(entry, dict)
    }


def models_of(provider: str) -> list[str]:
    """Return the models available under a protocol."""
    return [model for owner, model in read_prices() if owner == provider]


def bill(provider: str, model: str, tokens: Tokens, *, is_batch: bool = False) -> int:
    """Return the nano-USD for one answer, rounded up to a whole number."""
    price = read_prices()[provider, model]
    owed = tokens.input * price.input + tokens.output * price.output + tokens.images * price.image
    return math.ceil(owed * price.batch_share if is_batch else owed)
