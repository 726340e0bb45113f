"""A language model in a child process that several callers ask at once.

`vision_language.py` is the child; torch is never imported here. Questions of concurrent callers are
gathered into batches. A child stays loaded between the runs of a process, so that stages and rounds
share it; it ends with the process, or as soon as another model is started and it is idle, since
memory may hold one alone.
"""

import atexit
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cache
from typing import Any

from resources.child_models.child_process import Child, Patience, program_command
from resources.child_models.placement import MODEL, Executor, place

PYTHON = "EEMO_TRANSFORMERS_PYTHON"
_GATHERED_S = 0.02  # longest wait for the next question of a batch


class ServedModel:
    """One child, asked by any number of threads."""

    def __init__(self, folder: str, batch: int, memory_gb: float, patience: Patience) -> None:
        """Store the settings; the child starts with the first question.

        Args:
            folder: the model.
            batch: questions that are answered at once.
            memory_gb: limit of the child's memory in GB without a GPU; 0 for none.
            patience: timeouts.
        """
        command = program_command("vision_language.py", PYTHON, folder, str(batch), str(memory_gb))
        self._child = Child(place(command, MODEL), patience, role=MODEL)
        self._batch = batch
        self._waiting: queue.SimpleQueue[tuple[Mapping[str, Any], Future[dict[str, Any]]]]
        self._waiting = queue.SimpleQueue()
        self._asking = threading.Lock()  # held while the child is asked or closed
        threading.Thread(target=self._run, name="served-model", daemon=True).start()
        atexit.register(self._child.close)  # without the lock: at the exit nobody waits any more

    def ask(self, question: Mapping[str, Any]) -> "Future[dict[str, Any]]":
        """Return the future answer: what the child says, or an error with a reason of `Child`."""
        future: Future[dict[str, Any]] = Future()
        self._waiting.put((question, future))
        return future

    def close(self) -> None:
        """End the child; the next question starts it again."""
        with self._asking:
            self._child.close()

    def close_if_idle(self) -> None:
        """End the child unless it is answering."""
        if self._asking.acquire(blocking=False):
            try:
                self._child.close()
            finally:
                self._asking.release()

    def _run(self) -> None:
        while True:
            gathered = [self._waiting.get()]
            while len(gathered) < self._batch:
                try:
                    gathered.append(self._waiting.get(timeout=_GATHERED_S))
                except queue.Empty:
                    break
            # A caller that gave up has cancelled its future.
            wanted = [pair for pair in gathered if pair[1].set_running_or_notify_cancel()]
            for other in _SERVED - {self}:
                other.close_if_idle()
            with self._asking:
                try:
                    answers = self._child.ask_together([question for question, _ in wanted])
                except Exception as error:  # noqa: BLE001 (it belongs to the callers)
                    for _, future in wanted:
                        future.set_exception(error)
                    continue
            for (_, future), answer in zip(wanted, answers, strict=True):
                future.set_result(answer)


_SERVED: set[ServedModel] = set()


@cache
def serve(
    folder: str,
    fingerprint: str,  # noqa: ARG001 (part of the cache's key)
    batch: int,
    memory_gb: float,
    patience: Patience,
    executor: Executor,  # noqa: ARG001 (part of the cache's key)
) -> ServedModel:
    """Return the model of a folder; every caller of this process shares it.

    Args:
        folder: the model.
        fingerprint: changes with the model's files, which are then loaded anew.
        batch: see `ServedModel`.
        memory_gb: see `ServedModel`.
        patience: see `ServedModel`.
        executor: where the model works.
    """
    served = ServedModel(folder, batch, memory_gb, patience)
    _SERVED.add(served)
    return served
