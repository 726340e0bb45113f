"""Distributes work on images over processes and survives an image that crashes one.

Holds the pool, its chunks, and the isolation of a crash. Functions must be importable by name,
because they run in other processes.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from eemo_pipeline.execution.progress import track
from eemo_pipeline.ledger.store import Ask

Item = TypeVar("Item")
Result = TypeVar("Result")

# Imported once in the fork server, so that a worker starts in milliseconds; imagehash imports the
# transform only when it computes its first hash.
_PRELOAD = ["eemo_pipeline.imaging.opening", "scipy.fftpack"]
_IN_FLIGHT_PER_PROCESS = 4


class WorkerCrash(Exception):
    """The process that worked on the item died: the decoder crashed or memory ran out."""


class Workers:
    """A pool of processes, started at the first use and shared until `close`."""

    def __init__(self, processes: int | None = None) -> None:
        """Use `processes` processes, by default one per core this process may use."""
        self.processes = processes or len(os.sched_getaffinity(0))
        self._pool: ProcessPoolExecutor | None = None

    def close(self) -> None:
        """Stop the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item], chunk: int = 16
    ) -> Iterator[tuple[Item, Result | WorkerCrash]]:
        """Yield each item with its result as results arrive, in no particular order.

        An exception raised by `function` propagates. If a process dies, the items of its chunks are
        retried one by one; an item that kills its process again is yielded with a WorkerCrash.
        Several maps may run at the same time.
        """
        chunks = [items[start : start + chunk] for start in range(0, len(items), chunk)]
        suspects: list[Item] = []
        pending: dict[Future[list[Result]], tuple[Sequence[Item], ProcessPoolExecutor]] = {}
        waiting = iter(chunks)
        try:
            while True:
                while len(pending) < self.processes * _IN_FLIGHT_PER_PROCESS:
                    batch = next(waiting, None)
                    if batch is None:
                        break
                    pool = self._running()
                    try:
                        pending[pool.submit(_run_chunk, function, batch)] = batch, pool
                    except BrokenProcessPool:
                        suspects.extend(batch)
                        self._discard(pool)
                if not pending:
                    break
                future = next(as_completed(pending))
                batch, pool = pending.pop(future)
                try:
                    results = future.result()
                except BrokenProcessPool:
                    suspects.extend(batch)
                    self._discard(pool)
                else:
                    yield from zip(batch, results, strict=True)
        finally:
            for future in pending:
                future.cancel()
        yield from _try_alone(function, suspects)

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = _start(self.processes)
        return self._pool

    def _discard(self, pool: ProcessPoolExecutor) -> None:
        """Give up a broken pool; another map may already have done so and be using the new one."""
        pool.shutdown(wait=False, cancel_futures=True)
        if self._pool is pool:
            self._pool = None


def _start(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """End this worker when the process of the run ends, even by `kill -9`.

    Its queue would never tell it: each worker holds both ends. The fork server ends after them.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _try_alone(
    function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[tuple[Item, Result | WorkerCrash]]:
    """Run items one by one in a process of their own: if it dies, the item killed it."""
    with ExitStack() as stack:
        pool: ProcessPoolExecutor | None = None
        for item in items:
            pool = pool or stack.enter_context(_start(1))
            try:
                yield item, pool.submit(_run_chunk, function, [item]).result()[0]
            except BrokenProcessPool:
                pool = None
                yield item, WorkerCrash("the process that decoded the picture died")


def perform_on_pictures(
    workers: Workers, function: Callable[[Any], dict[str, Any]], description: str
) -> Callable[[Sequence[Ask]], Iterator[tuple[Ask, dict[str, Any]]]]:
    """Return a ledger's `perform` that answers each ask by `function(ask.payload)` in the pool.

    An image that kills its process gets the answer status "error", reason "decoder_crashed".
    """

    def perform(asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        by_payload = workers.map(partial(_answer, function), asks)
        for ask, answer in track(by_payload, len(asks), description):
            if isinstance(answer, WorkerCrash):
                yield ask, {"status": "error", "reason": "decoder_crashed", "detail": str(answer)}
            else:
                yield ask, answer

    return perform


def _answer(function: Callable[[Any], dict[str, Any]], ask: Ask) -> dict[str, Any]:
    return function(ask.payload)


def _run_chunk(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]
