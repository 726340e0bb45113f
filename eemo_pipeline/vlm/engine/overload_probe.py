"""Whether a provider refuses because of our rate, or whatever our rate.

Belongs here: the trial that tells these two apart. Does not belong here: the rate that follows
from refusals that are about it (`pace.py`).

Some refusals say nothing about us: a quota that many customers share, a machine that is overloaded.
Who slows down at each of them ends in standstill. A limit lets the same through per second however
much is sent above it; where refusals have another cause, more gets through when more is sent.
"""

from dataclasses import dataclass

_STORMS = 4  # a rate is tried until refusals have come so many times
_BETTER = 1.25  # twice the rate must let through so much more, or it makes no difference


@dataclass(slots=True)
class Trial:
    """Sends at a rate, then at twice the rate, for as long as more is let through.

    Attributes:
        rate: requests per second to send at.
    """

    rate: float
    _before: float = 0.0  # let through per second at half the rate
    _storms: int = 0
    _let_through: int = 0
    _seconds: float = 0.0

    def add(self, let_through: int, seconds: float) -> float | None:
        """Count what was let through until refusals came.

        Returns:
            Requests per second that are let through, once the rate makes no difference.
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
