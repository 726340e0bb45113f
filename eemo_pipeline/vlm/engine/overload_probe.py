"""Tests whether a provider's refusals depend on our rate or have another cause.

Some refusals have nothing to do with our rate: a quota shared by many customers, an overloaded
machine. Slowing down at each of them would end at a standstill. A rate limit lets the same number
of requests per second through however many are sent above it; if refusals have another cause,
sending more gets more through. `rate_limiter.py` sets the rate after refusals that depend on it.
"""

from dataclasses import dataclass

_STORMS = 4  # each rate is tried for this many storms of refusals
_BETTER = 1.25  # doubling the rate must raise throughput by this factor to count


@dataclass(slots=True)
class Trial:
    """Doubles the rate for as long as more requests get through.

    Attributes:
        rate: Requests per second to send at.
    """

    rate: float
    _before: float = 0.0  # let through per second at half the rate
    _storms: int = 0
    _let_through: int = 0
    _seconds: float = 0.0

    def add(self, let_through: int, seconds: float) -> float | None:
        """Add the requests that got through before a storm of refusals.

        Returns:
            Requests per second that get through, once a higher rate makes no difference.
        """
        self._storms += 1
        self._let_through += let_through
        self._seconds += seconds
        if self._storms < _STORMS:
            return None
        per_second = self._let_through / self._seconds
        if per_second <= _BETTER * self._before:
            return per_second
        self.rate *= 2
        self._before = per_second
        self._storms = self._let_through = 0
        self._seconds = 0.0
        return None
