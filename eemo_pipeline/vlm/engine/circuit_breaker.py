"""Stops asking a provider that answers nothing but faults, tries it again, and gives up at last.

Belongs here: when to pause, when to try, when to give up. Does not belong here: any clock (every
call is told the time), the faults of single questions (`pursuit.py`).
"""

from math import inf

_IN_A_ROW = 30  # faults without one reply between them; a lone bad picture has fewer tries
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0


class ProviderDown(Exception):
    """A provider has answered nothing but faults for too long. What was answered is stored."""


class Breaker:
    """Closed while replies come; open, one probe at a time, after many faults in a row."""

    def __init__(self, patience_s: float) -> None:
        """Closed."""
        self._patience_s = patience_s
        self._in_a_row = 0
        self._failing_since = inf
        self._pause_s = 0.0  # 0: closed
        self._paused_until = -inf
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether a probe decides."""
        return self._pause_s > 0

    def delay_s(self, now: float) -> float:
        """Seconds until a call may be sent; infinite while a probe is under way."""
        if not self.is_open:
            return 0.0
        return inf if self._is_probing else max(0.0, self._paused_until - now)

    def send(self) -> None:
        """A call is sent; where the breaker is open, it is the probe."""
        self._is_probing = self.is_open

    def succeed(self) -> None:
        """A reply has come, good or malformed: the provider works."""
        self._in_a_row = 0
        self._failing_since = inf
        self._pause_s = 0.0
        self._is_probing = False

    def fail(self, sent_at: float, now: float) -> None:
        """A call sent at `sent_at` has brought no reply; a fault from before the pause is known."""
        self._in_a_row += 1
        self._failing_since = min(self._failing_since, now)
        if self._in_a_row >= _IN_A_ROW and (not self.is_open or sent_at >= self._paused_until):
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s or _FIRST_PAUSE_S)
            self._paused_until = now + self._pause_s
            self._is_probing = False

    def release(self) -> None:
        """The probe has ended without telling anything: it was refused for its rate."""
        self._is_probing = False

    def is_hopeless(self, now: float) -> bool:
        """Whether there were nothing but faults for as long as we are patient."""
        return self.is_open and now - self._failing_since > self._patience_s
