"""How much was answered anew, how much the ledger held, and what providers were paid.

Belongs here: that sum. Does not belong here: sums over the ledger's life (`accounts.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """What answering some questions took.

    Attributes:
        asked: answers made now.
        reused: answers that the ledger held.
        calls: attempts at providers.
        usd: what they cost.
        cached: reused answers that a provider had been paid for.
    """

    asked: int = 0
    reused: int = 0
    calls: int = 0
    usd: float = 0.0
    cached: int = 0

    @classmethod
    def total(cls, parts: Iterable["Work"]) -> "Work":
        """The sum."""
        parts = list(parts)
        return cls(
            sum(part.asked for part in parts),
            sum(part.reused for part in parts),
            sum(part.calls for part in parts),
            sum(part.usd for part in parts),
            sum(part.cached for part in parts),
        )


NO_WORK = Work()
