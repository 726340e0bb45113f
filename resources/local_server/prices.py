"""What the local models cost, and the arithmetic of a bill.

Belongs here: reading the figures, and a sum of this server's own. Does not belong here: what the
pipeline believes that it pays (`eemo_pipeline/vlm/spending/prices.py`): the two reckon apart,
from the same figures in `eemo_pipeline/vlm/prices.toml`, so that one can check the other.
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
    """Nano-USD per token, exactly; a thousand is one USD per million tokens."""

    input: Fraction
    output: Fraction
    batch_share: Fraction


@cache
def read_prices() -> dict[tuple[str, str], Price]:
    """(provider, model) -> price, of every model that this server has."""
    text = files("eemo_pipeline.vlm.contract").joinpath("prices.toml").read_text("utf-8")
    # A float is taken for the decimal number that was written.
    tables = tomllib.loads(text, parse_float=Fraction)
    return {
        (provider, model): Price(
            1000 * Fraction(entry["input"]),
            1000 * Fraction(entry["output"]),
            Fraction(entry.get("batch_share", 1)),
        )
        for provider in PROVIDERS
        for model, entry in tables[provider].items()
        if isinstance(entry, dict)
    }


def models_of(provider: str) -> list[str]:
    """The models that answer under a protocol."""
    return [model for owner, model in read_prices() if owner == provider]


def bill(provider: str, model: str, tokens: Tokens, *, is_batch: bool = False) -> int:
    """Nano-USD for one answer, rounded up to a whole one."""
    price = read_prices()[provider, model]
    owed = tokens.input * price.input + tokens.output * price.output
    return math.ceil(owed * price.batch_share if is_batch else owed)
