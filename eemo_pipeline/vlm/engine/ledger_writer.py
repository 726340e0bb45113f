"""Writes attempts and answers into the ledger, and passes answers on once they are durable.

One thread commits finished attempts; `scheduler.py` supplies them.
"""

import threading
import time
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any

from eemo_pipeline.ledger.store import Attempt, Ledger
from eemo_pipeline.vlm.questions import Question

_GATHERED_S = 0.02  # a commit waits this long for others to join it

Answered = tuple[Question, dict[str, Any]]


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
        self._waiting: list[tuple[Attempt | None, Answered | None]] = []
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

    def add(self, attempt: Attempt | None, answered: Answered | None) -> None:
        """Queue an attempt and its answer, to be committed together."""
        self._given += answered is not None
        self._waiting.append((attempt, answered))
        if not self._wake.is_set():
            self._wake.set()

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

    def _run(self) -> None:
        while not (self._is_closing and not self._waiting):
            self._wake.wait()
            if not self._is_closing:
                time.sleep(_GATHERED_S)
            self._wake.clear()
            count = len(self._waiting)  # the scheduler may add while this is written
            batch, self._waiting[:count] = self._waiting[:count], []
            if batch and self.problem is None:
                self._write(batch)
            if self._is_closing:
                self._wake.set()

    def _write(self, batch: Sequence[tuple[Attempt | None, Answered | None]]) -> None:
        answered = [pair for _, pair in batch if pair]
        try:
            self._ledger.record(
                [attempt for attempt, _ in batch if attempt],
                [
                    (question.key, question.role, self._model, question.image_id, answer)
                    for question, answer in answered
                    if answer["status"] != "error"
                ],
            )
        except Exception as problem:  # noqa: BLE001 (whatever it is, it is raised in the caller)
            self.problem = problem
            return
        if answered:
            self._handed_out += len(answered)
            self.answered.put(answered)
