"""Latencies of one model, and the learned threshold above which a call is hedged.

`scheduler.py` makes the second call.
"""

from collections import deque
from math import inf

_KEPT = 256  # the latest replies
_ENOUGH = 20  # with fewer replies, no call counts as slow
_RENEWED_EVERY = 16
_SHORTEST_S = 0.25  # below this, hedging gains no more than the loop's own delays


class Latencies:
    """The most recent latencies of one model, in seconds."""

    def __init__(self) -> None:
        """Start without any latencies."""
        self._latest: deque[float] = deque(maxlen=_KEPT)
        self._count = 0
        self._slow_s = inf

    @property
    def slow_s(self) -> float:
        """A call in flight for longer than this is slow; infinite until enough latencies are known.

        The larger of three times the median, which decides for steady models, and 1.25 times the
        95th percentile, which decides for models with widely spread latencies. Few calls are ever
        slow.
        """
        return self._slow_s

    def add(self, seconds: float) -> None:
        """Add the latency of a reply."""
        self._latest.append(seconds)
        self._count += 1
        if self._count >= _ENOUGH and self._count % _RENEWED_EVERY == 0:
            ordered = sorted(self._latest)
            median, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
            self._slow_s = max(_SHORTEST_S, 3 * median, 1.25 * high)
