"""Counts and cost of answering one set of questions.

Sums over the whole ledger are in `accounts.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Cache hits, cache misses, calls and cost of answering a set of questions.

    Attributes:
        asked: cache misses, answered now.
        reused: cache hits in the ledger.
        calls: attempts at providers.
        usd: the cost of these attempts in USD.
        cached: cache hits on answers of a paid provider.
    """

    asked: int = 0
    reused: int = 0
    calls: int = 0
    usd: float = 0.0
    cached: int = 0

    @property
    def hit_rate(self) -> float | None:
        """The share of the answers that were in the ledger; None where there are no answers."""
        answers = self.asked + self.reused
        return round(self.reused / answers, 4) if answers else None

    def __add__(self, other: "Work") -> "Work":
        """Return the sum, field by field."""
        return Work(
            self.asked + other.asked,
            self.reused + other.reused,
            self.calls + other.calls,
            self.usd + other.usd,
            self.cached + other.cached,
        )


NO_WORK = Work()
