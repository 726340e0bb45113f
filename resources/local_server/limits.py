"""The rate limiter: a token bucket that refills at a steady rate and loses one per request."""

from dataclasses import dataclass


@dataclass
class Bucket:
    """A token bucket; it starts full.

    Attributes:
        rate: Requests per second in the long run.
        size: Maximum number of requests at once.
        level: Number of requests allowed now.
        at_s: The clock time for which `level` is correct.
    """

    rate: float
    size: float
    level: float
    at_s: float

    def take(self, now_s: float) -> float:
        """Return 0 if a request may pass, else the seconds until one may."""
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
