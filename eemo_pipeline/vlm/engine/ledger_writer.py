"""Writes calls, attempts and answers into the ledger, and passes answers on once they are durable.

One thread commits what `scheduler.py` supplies: calls before they are sent, attempts when they end.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from eemo_pipeline.ledger.store import Attempt, Ledger, SentCall
from eemo_pipeline.vlm.questions import Question

_GATHERED_S = 0.02  # between two commits: what comes meanwhile shares the second

Answered = tuple[Question, dict[str, Any]]


@dataclass(slots=True, eq=False)
class Announcement:
    """A call that is about to be sent.

    Attributes:
        call: its row in the ledger.
        is_durable: whether the row is on disk, so that the call may be sent.
    """

    call: SentCall
    is_durable: bool = False


@dataclass(slots=True, frozen=True)
class _Entry:
    """What one commit takes: a call to be announced, or the end of one and what it brought."""

    announced: Announcement | None = None
    ended: Announcement | None = None
    attempt: Attempt | None = None
    answered: Answered | None = None


class Journal:
    """The ledger writer of one model's run.

    Attributes:
        answered: Lists of durable answers for the caller; None is the last item.
        problem: The exception of the ledger; nothing is written afterwards.
    """

    def __init__(self, ledger: Ledger, model: str) -> None:
        """Start the thread."""
        self.answered: SimpleQueue[list[Answered] | None] = SimpleQueue()
        self.problem: Exception | None = None
        self._ledger = ledger
        self._model = model
        self._waiting: list[_Entry] = []
        self._given = 0
        self._handed_out = 0
        self._taken = 0
        self._wake = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="vlm-journal", daemon=True)
        self._thread.start()

    @property
    def unwritten(self) -> int:
        """Answers that are not durable yet; after a kill they are paid for again."""
        return self._given - self._handed_out

    @property
    def untaken(self) -> int:
        """Answers that the caller has not taken yet."""
        return self._handed_out - self._taken

    def announce(self, announcement: Announcement) -> None:
        """Queue a call that is about to be sent; it may be sent once it is durable."""
        self._queue(_Entry(announced=announcement))

    def withdraw(self, announcement: Announcement) -> None:
        """Queue the removal of a call that was announced and will not be sent."""
        self._queue(_Entry(ended=announcement))

    def add(
        self,
        attempt: Attempt | None,
        answered: Answered | None,
        announcement: Announcement | None = None,
    ) -> None:
        """Queue an attempt and its answer, to be committed with the end of the announced call."""
        self._given += answered is not None
        self._queue(_Entry(ended=announcement, attempt=attempt, answered=answered))

    def take(self) -> list[Answered] | None:
        """Wait for the next durable answers and return them; return None at the end."""
        batch = self.answered.get()
        self._taken += len(batch or ())
        return batch

    def close(self) -> None:
        """Write the rest and end the thread."""
        self._is_closing = True
        self._wake.set()
        self._thread.join()
        self.answered.put(None)

    def _queue(self, entry: _Entry) -> None:
        self._waiting.append(entry)
        if not self._wake.is_set():
            self._wake.set()

    def _run(self) -> None:
        due = time.monotonic() + _GATHERED_S
        while not (self._is_closing and not self._waiting):
            self._wake.wait()
            early_s = due - time.monotonic()
            if early_s > 0 and not self._is_closing:
                time.sleep(early_s)
            self._wake.clear()
            count = len(self._waiting)  # the scheduler may add while this is written
            batch, self._waiting[:count] = self._waiting[:count], []
            if batch and self.problem is None:
                self._write(batch)
                due = time.monotonic() + _GATHERED_S
            if self._is_closing:
                self._wake.set()

    def _write(self, batch: Sequence[_Entry]) -> None:
        answered = [entry.answered for entry in batch if entry.answered]
        announced = [entry.announced for entry in batch if entry.announced]
        try:
            self._ledger.record(
                [entry.attempt for entry in batch if entry.attempt],
                [
                    (question.key, question.role, self._model, question.image_id, answer)
                    for question, answer in answered
                    if answer["status"] != "error"
                ],
                sent=[announcement.call for announcement in announced],
                ended=[entry.ended.call.call_id for entry in batch if entry.ended],
            )
        except Exception as problem:  # noqa: BLE001 (whatever it is, it is raised in the caller)
            self.problem = problem
            return
        for announcement in announced:
            announcement.is_durable = True
        if answered:
            self._handed_out += len(answered)
            self.answered.put(answered)
