"""When a person is asked to take a break: after long work, or many hard images.

A sitting is of the moment: a server that starts anew begins new ones. Whoever does not come back
for ten minutes has had a break.
"""

import threading
from dataclasses import dataclass

LONGEST_MS = 45 * 60_000
MOST_NEGATIVE = 10
_AWAY_MS = 10 * 60_000


@dataclass
class _Sitting:
    began_ms: int
    last_ms: int
    negative: int = 0


class Sittings:
    """The sittings of all people; used by many requests at once."""

    def __init__(self) -> None:
        """Begin without any."""
        self._of: dict[str, _Sitting] = {}
        self._lock = threading.Lock()

    def is_break_due(self, rater_id: str, now_ms: int) -> bool:
        """Whether a person should rest before the next image; notes that they are there."""
        with self._lock:
            sitting = self._of.get(rater_id)
            if sitting is None or now_ms - sitting.last_ms > _AWAY_MS:
                self._of[rater_id] = _Sitting(now_ms, now_ms)
                return False
            sitting.last_ms = now_ms
            is_long = now_ms - sitting.began_ms >= LONGEST_MS
            return is_long or sitting.negative >= MOST_NEGATIVE

    def note_negative(self, rater_id: str) -> None:
        """Count an image that a machine finds strongly negative."""
        with self._lock:
            if rater_id in self._of:
                self._of[rater_id].negative += 1

    def end(self, rater_id: str) -> None:
        """Begin a new sitting with the next image."""
        with self._lock:
            self._of.pop(rater_id, None)
