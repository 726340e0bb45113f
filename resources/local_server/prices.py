"""What the local models cost: invented prices, as round as they are small.

Belongs here: the price list of this server and the arithmetic of a bill. Does not belong here:
the prices of real providers, nor what the pipeline believes that it pays.
"""

from dataclasses import dataclass

from resources.local_server.asked import Tokens


@dataclass(frozen=True)
class Price:
    """Nano-USD per token: a thousand is one USD per million tokens."""

    input: int
    output: int


PRICES = {
    "local-a": Price(400, 1600),
    "local-b": Price(300, 2400),
    "local-critic": Price(1000, 4000),
}


def bill(model: str, tokens: Tokens, share: int = 1) -> int:
    """Nano-USD for one answer; a `share` of 2 halves it, any half nano-USD rounded up."""
    price = PRICES[model]
    return -(-(tokens.input * price.input + tokens.output * price.output) // share)
