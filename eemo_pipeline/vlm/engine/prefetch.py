"""Builds requests shortly before they are sent: memory stays flat and the event loop never waits.

`scheduler.py` sends the requests.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from eemo_pipeline.imaging.opening import UnreadablePicture
from eemo_pipeline.vlm.contract import VlmRequest
from eemo_pipeline.vlm.questions import Question

_BUILDERS = 4  # decoding and encoding images releases the GIL

Built = tuple[Question, VlmRequest | UnreadablePicture]


class Supply:
    """Questions with their requests, in roughly the order given.

    Attributes:
        problem: The exception of the caller's iterator or of a question's `build`; nothing follows
            it.
    """

    def __init__(self, questions: Iterable[Question], ahead: int, wake: Callable[[], None]) -> None:
        """Start to build; `wake` is called when a request is ready after `take` found none.

        One thread at a time reads `questions`, never the caller's thread.
        """
        self.problem: Exception | None = None
        self._questions = iter(questions)
        self._ahead = ahead
        self._wake = wake
        self._built: deque[Built] = deque()
        self._building = 0
        self._is_wanted = False
        self._is_over = False  # no further question is read
        self._room = threading.Condition()
        self._reading = threading.Lock()
        for number in range(_BUILDERS):
            threading.Thread(target=self._run, name=f"vlm-supply-{number}", daemon=True).start()

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left and nothing more will come."""
        return self._is_over and not self._building and not self._built

    def take(self) -> Built | None:
        """Return the next question and request; None if none is built yet or none is left."""
        if not self._built:
            self._is_wanted = True
            if not self._built:  # a request built in between would wake nobody
                return None
        built = self._built.popleft()
        if len(self._built) == self._ahead // 2:  # notify rarely, not for every request
            with self._room:
                self._room.notify_all()
        return built

    def stop(self) -> None:
        """Stop reading questions."""
        with self._room:
            self._is_over = True
            self._room.notify_all()

    def _run(self) -> None:
        while question := self._next():
            try:
                built = (question, self._build(question))
            except Exception as problem:  # noqa: BLE001 (a defect: it ends the run, with its name)
                self._end(problem)
                built = None
            with self._room:
                if built:
                    self._built.append(built)
                self._building -= 1
            self._tell()
        self._tell()

    def _next(self) -> Question | None:
        with self._room:
            while len(self._built) + self._building >= self._ahead and not self._is_over:
                self._room.wait()
            if self._is_over:
                return None
            self._building += 1
        with self._reading:
            try:
                question = None if self._is_over else next(self._questions, None)
            except Exception as problem:  # noqa: BLE001 (the caller's iterator: raised there)
                question = None
                self._end(problem)
        if question is None:
            with self._room:
                self._building -= 1
            self.stop()
        return question

    @staticmethod
    def _build(question: Question) -> VlmRequest | UnreadablePicture:
        try:
            return question.build()
        except UnreadablePicture as unreadable:
            return unreadable

    def _end(self, problem: Exception) -> None:
        self.problem = self.problem or problem
        self.stop()

    def _tell(self) -> None:
        if self._is_wanted or self._is_over:
            self._is_wanted = False
            self._wake()
