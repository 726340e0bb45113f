"""How long a model takes, and when a call is slow enough to be made a second time.

Belongs here: the learned threshold. Does not belong here: making the second call (`scheduler.py`).
"""

from collections import deque
from math import inf

_KEPT = 256  # the latest replies
_ENOUGH = 20  # before that, nothing is called slow
_RENEWED_EVERY = 16
_SHORTEST_S = 0.25  # to ask twice would not gain more than a loop's own delays


class Latencies:
    """The latest latencies of one model, in seconds."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._latest: deque[float] = deque(maxlen=_KEPT)
        self._count = 0
        self._slow_s = inf

    @property
    def slow_s(self) -> float:
        """A call under way for longer is slow; infinite while too few are known.

        Three times the median, for a steady model; a quarter above the 95th percentile, for one
        whose latency spreads, so that few calls are ever slow.
        """
        return self._slow_s

    def add(self, seconds: float) -> None:
        """Learn from a reply."""
        self._latest.append(seconds)
        self._count += 1
        if self._count >= _ENOUGH and self._count % _RENEWED_EVERY == 0:
            ordered = sorted(self._latest)
            median, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
            self._slow_s = max(_SHORTEST_S, 3 * median, 1.25 * high)
