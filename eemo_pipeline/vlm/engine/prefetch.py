"""Builds requests a little ahead of their being sent: memory stays flat, the loop never waits.

Belongs here: the threads that read questions and build their requests. Does not belong here:
sending them (`scheduler.py`), pictures (`pictures.py`).
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from eemo_pipeline.imaging.opening import UnreadablePicture
from eemo_pipeline.vlm.contract import VlmRequest
from eemo_pipeline.vlm.questions import Question

_BUILDERS = 4  # decoding and encoding pictures leaves Python's lock

Built = tuple[Question, VlmRequest | UnreadablePicture]


class Supply:
    """Questions with their requests, in about the order in which they were given.

    Attributes:
        problem: what the caller's iterator or a question's `build` raised; then nothing follows.
    """

    def __init__(self, questions: Iterable[Question], ahead: int, wake: Callable[[], None]) -> None:
        """Start to build; `wake` is called when something has come after `take` found nothing.

        `questions` is read by one thread at a time, never by the caller's.
        """
        self.problem: Exception | None = None
        self._questions = iter(questions)
        self._ahead = ahead
        self._wake = wake
        self._built: deque[Built] = deque()
        self._building = 0
        self._is_wanted = False
        self._is_over = False  # nothing more is read
        self._room = threading.Condition()
        self._reading = threading.Lock()
        for number in range(_BUILDERS):
            threading.Thread(target=self._run, name=f"vlm-supply-{number}", daemon=True).start()

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left and nothing will come."""
        return self._is_over and not self._building and not self._built

    def take(self) -> Built | None:
        """The next question, None where it is not built yet or there is none."""
        if not self._built:
            self._is_wanted = True
            if not self._built:  # one that came in between would wake nobody
                return None
        built = self._built.popleft()
        if len(self._built) == self._ahead // 2:  # now and then, not each time
            with self._room:
                self._room.notify_all()
        return built

    def stop(self) -> None:
        """Read no further."""
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
            except Exception as problem:  # noqa: BLE001 (the caller's iterator: the caller is told)
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
