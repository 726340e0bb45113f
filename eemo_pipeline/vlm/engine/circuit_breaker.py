"""The circuit breaker: stops sending to a provider that returns only faults, and probes it.

It has no clock of its own: every call takes the time as an argument. The retries of single
questions are in `attempts.py`.
"""

from math import inf

_IN_A_ROW = 30  # consecutive faults; one bad image alone has fewer tries
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0


class ProviderDown(Exception):
    """A provider has returned nothing but faults for too long. All answers so far are stored."""

    def __init__(self, model: str, stage: str, why: str) -> None:
        """Compose the message: the model, the stage, the reason and the remedy."""
        super().__init__(
            f"{model} was given up in {stage}: {why}. What was answered is stored; run the same "
            "command again when the provider works."
        )


class Breaker:
    """Closed while replies arrive; after many consecutive faults, open with one probe at a time."""

    def __init__(self, patience_s: float) -> None:
        """Start closed."""
        self._patience_s = patience_s
        self._in_a_row = 0
        self._failing_since = inf
        self._pause_s = 0.0  # 0: closed
        self._paused_until = -inf
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether only probes are sent."""
        return self._pause_s > 0

    def delay_s(self, now: float) -> float:
        """Return the seconds until a call may be sent; infinite while a probe is in flight."""
        if not self.is_open:
            return 0.0
        return inf if self._is_probing else max(0.0, self._paused_until - now)

    def send(self) -> None:
        """Record that a call is sent; it is the probe if the breaker is open."""
        self._is_probing = self.is_open

    def succeed(self) -> None:
        """Record a reply, good or malformed: the provider works."""
        self._in_a_row = 0
        self._failing_since = inf
        self._pause_s = 0.0
        self._is_probing = False

    def fail(self, sent_at: float, now: float) -> None:
        """Record a failed call; one that was sent before the current pause does not extend it."""
        self._in_a_row += 1
        self._failing_since = min(self._failing_since, now)
        if self._in_a_row >= _IN_A_ROW and (not self.is_open or sent_at >= self._paused_until):
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s or _FIRST_PAUSE_S)
            self._paused_until = now + self._pause_s
            self._is_probing = False

    def release(self) -> None:
        """End the probe without a result: it was rate limited or cancelled."""
        self._is_probing = False

    def is_hopeless(self, now: float) -> bool:
        """Return whether there were nothing but faults for longer than the patience allows."""
        return self.is_open and now - self._failing_since > self._patience_s
