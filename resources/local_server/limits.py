"""The rate limit: a bucket that fills at a steady rate and that every request takes one from.

Belongs here: the bucket. Does not belong here: what a client is told (`openai_wire.py`).
"""

from dataclasses import dataclass


@dataclass
class Bucket:
    """A token bucket; it starts full.

    Attributes:
        rate: requests per second in the long run.
        size: how many may come at once.
        level: how many may come now.
        at_s: the clock at which `level` was right.
    """

    rate: float
    size: float
    level: float
    at_s: float

    def take(self, now_s: float) -> float:
        """0 where a request may pass, else the seconds after which one will."""
        self.level = min(self.size, self.level + (now_s - self.at_s) * self.rate)
        self.at_s = now_s
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / self.rate

    @property
    def full_in_s(self) -> float:
        """Seconds until the bucket is full again."""
        return (self.size - self.level) / self.rate
