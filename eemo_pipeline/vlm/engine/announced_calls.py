"""The calls that are sent next. Each is in the ledger before it is sent.

After `kill -9` the ledger therefore names every call that the provider may bill: those with an
outcome, and those that were announced and have none. A commit takes some milliseconds, so new
questions are announced a little before there is room to send them, and no call waits for the disk.
`scheduler.py` decides when a call is sent, `ledger_writer.py` commits.
"""

import heapq
import secrets
from collections import deque
from collections.abc import Callable
from itertools import count

from eemo_pipeline.ledger.store import SentCall
from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.engine.attempts import Pursuit
from eemo_pipeline.vlm.engine.ledger_writer import Announcement, Journal
from eemo_pipeline.vlm.questions import Limits
from eemo_pipeline.vlm.spending.prices import Prices

_MOST_AHEAD = 64  # calls of 40 ms at 1,600 per second, the most that the scheduler sends


class AnnouncedCalls:
    """Questions that wait to be sent: retries and hedges first, then new ones in their order."""

    def __init__(
        self, journal: Journal, limits: Limits, describe: Callable[[Pursuit], SentCall]
    ) -> None:
        """Start empty; `describe` returns the ledger's row of the next call of a question."""
        self._journal = journal
        self._limits = limits
        self._describe = describe
        self._ahead = min(_MOST_AHEAD, limits.in_flight)
        self._again: deque[Pursuit] = deque()
        self._new: deque[Pursuit] = deque()
        self._later: list[tuple[float, int, Pursuit]] = []
        self._order = count()

    @property
    def has_room(self) -> bool:
        """Whether a new question may be announced."""
        return len(self._new) < self._ahead

    @property
    def has_new(self) -> bool:
        """Whether a question waits for its first call."""
        return bool(self._new)

    def add_new(self, pursuit: Pursuit) -> None:
        """Announce the first call of a question."""
        self._announce(pursuit)
        self._new.append(pursuit)

    def add_again(self, pursuit: Pursuit, *, first: bool = False) -> None:
        """Announce a further call of a question; `first` puts it before the others."""
        self._announce(pursuit)
        self._again.appendleft(pursuit) if first else self._again.append(pursuit)

    def add_later(self, pursuit: Pursuit) -> None:
        """Keep a question until its next call is due."""
        pursuit.is_queued = True
        heapq.heappush(self._later, (pursuit.due_at, next(self._order), pursuit))

    def announce_due(self, now: float) -> None:
        """Announce the calls that are due."""
        while self._later and self._later[0][0] <= now:
            self.add_again(heapq.heappop(self._later)[2])

    def take(self, *, may_begin: bool) -> tuple[Pursuit, Announcement] | None:
        """Return a question with its next call, which is durable; a new one only if `may_begin`."""
        while self._again and (
            self._again[0].is_answered or self._again[0].is_given_up(self._limits)
        ):
            self._withdraw(self._again.popleft())
        for waiting in (self._again, self._new) if may_begin else (self._again,):
            announcement = waiting[0].announcement if waiting else None
            if announcement and announcement.is_durable:
                return waiting.popleft(), announcement
        return None

    def put_back(self, pursuit: Pursuit) -> None:
        """Put back, before all others, a question that cannot be sent now."""
        self._again.appendleft(pursuit)

    def withdraw(self) -> None:
        """Take back all calls that were announced and not sent: the run is over."""
        for pursuit in (*self._again, *self._new):
            self._withdraw(pursuit)
        self._again.clear()
        self._new.clear()

    def _announce(self, pursuit: Pursuit) -> None:
        pursuit.is_queued = True
        pursuit.announcement = Announcement(self._describe(pursuit))
        self._journal.announce(pursuit.announcement)

    def _withdraw(self, pursuit: Pursuit) -> None:
        pursuit.is_queued = False
        if pursuit.announcement:
            self._journal.withdraw(pursuit.announcement)
            pursuit.announcement = None


def describe_call(
    model: VisionLanguageModel, prices: Prices, stage: str, pursuit: Pursuit
) -> SentCall:
    """Return the ledger's row of the next call of a question.

    Raises:
        UnknownPrice: the model has no price.
    """
    question = pursuit.question
    return SentCall(
        call_id=secrets.randbits(63),
        key=question.key,
        stage=stage,
        role=question.role,
        provider=model.provider,
        model=model.model,
        image_id=question.image_id,
        bound_nano_usd=prices.cost(model.provider, model.model, pursuit.bound),
    )
