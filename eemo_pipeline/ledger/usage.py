"""How much was answered anew, how much the ledger held, and what providers were paid.

Belongs here: that sum. Does not belong here: sums over the ledger's life (`accounts.py`).
"""

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

    def __add__(self, other: "Work") -> "Work":
        """Both together."""
        return Work(
            self.asked + other.asked,
            self.reused + other.reused,
            self.calls + other.calls,
            self.usd + other.usd,
            self.cached + other.cached,
        )


NO_WORK = Work()
