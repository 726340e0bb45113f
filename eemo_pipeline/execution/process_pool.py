"""Distributes work on images over processes and survives an image that crashes one.

Holds the pool, its chunks, and the isolation of a crash. Functions must be importable by name,
because they run in other processes.
"""

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from multiprocessing.connection import Connection
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
# Seconds of processor time for one item: a busy machine refuses nothing that an idle one accepts.
TIME_LIMIT_S = 20.0
# Private memory of one process: the largest image allowed takes a quarter of it as RGB and alpha.
MEMORY_LIMIT_BYTES = 6 * 2**30


class WorkerCrash(Exception):
    """The process that worked on the item died: the decoder crashed or memory ran out.

    Attributes:
        reason: the reason code of a file with which this happens.
    """

    reason = "decoder_crashed"


class TookTooLong(WorkerCrash):
    """The item used up its processor time, and its process was ended."""

    reason = "took_too_long"


class Workers:
    """A pool of processes, started at the first use and shared until `close`."""

    def __init__(self, processes: int | None = None, time_limit_s: float = TIME_LIMIT_S) -> None:
        """Use `processes` processes, by default one per core this process may use.

        `time_limit_s` is the processor time of one item.
        """
        self.time_limit_s = time_limit_s
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
        retried one by one; an item that kills its process again is yielded with a WorkerCrash, one
        that used up its time with a TookTooLong.
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
                        pending[pool.submit(_run_chunk, function, batch, self.time_limit_s)] = (
                            batch,
                            pool,
                        )
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
        yield from _try_alone(function, suspects, self.time_limit_s)

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
    function: Callable[[Item], Result], items: Sequence[Item], time_limit_s: float
) -> Iterator[tuple[Item, Result | WorkerCrash]]:
    """Run each item in a process of its own: if it dies, the item killed it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    for item in items:
        receiver, sender = context.Pipe(duplex=False)
        work = (sender, function, item, time_limit_s)
        process = context.Process(target=_send_result, args=work, daemon=True)
        process.start()
        sender.close()
        try:
            result = receiver.recv()
        except EOFError:
            process.join()
            result = _explain(process.exitcode, time_limit_s)
        finally:
            process.terminate()
            process.join()
            receiver.close()
        if isinstance(result, Exception) and not isinstance(result, WorkerCrash):
            raise result
        yield item, result


def _send_result(
    sender: Connection, function: Callable[[Item], Any], item: Item, time_limit_s: float
) -> None:
    """Run one item and send its result, or its exception."""
    _end_with_parent()
    try:
        sender.send(_run_chunk(function, [item], time_limit_s)[0])
    except Exception as error:  # noqa: BLE001 (raised again in the other process)
        sender.send(error)


def _explain(exit_code: int | None, time_limit_s: float) -> WorkerCrash:
    if exit_code == -signal.SIGPROF:
        return TookTooLong(f"decoding it takes more than {time_limit_s:.0f} s of processor time")
    return WorkerCrash("the process that decoded the image died")


def perform_on_pictures(
    workers: Workers, function: Callable[[Any], dict[str, Any]], description: str
) -> Callable[[Sequence[Ask]], Iterator[tuple[Ask, dict[str, Any]]]]:
    """Return a ledger's `perform` that answers each ask by `function(ask.payload)` in the pool.

    An image that kills its process gets the answer status "error", reason "decoder_crashed" or
    "took_too_long".
    """

    def perform(asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        by_payload = workers.map(partial(_answer, function), asks)
        for ask, answer in track(by_payload, len(asks), description):
            if isinstance(answer, WorkerCrash):
                yield ask, {"status": "error", "reason": answer.reason, "detail": str(answer)}
            else:
                yield ask, answer

    return perform


def _answer(function: Callable[[Any], dict[str, Any]], ask: Ask) -> dict[str, Any]:
    return function(ask.payload)


def _run_chunk(
    function: Callable[[Item], Result], items: Sequence[Item], time_limit_s: float
) -> list[Result]:
    _limit_memory()
    return [_run(function, item, time_limit_s) for item in items]


def _run(function: Callable[[Item], Result], item: Item, time_limit_s: float) -> Result:
    """Run one item within its processor time, or end this process.

    No Python code runs while a decoder is at work, so the limit is a signal whose default action
    ends the process.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, time_limit_s)
    try:
        return function(item)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@lru_cache(maxsize=1)
def _limit_memory() -> None:
    """Make allocations beyond MEMORY_LIMIT_BYTES fail in this process."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MEMORY_LIMIT_BYTES if hard < 0 else min(hard, MEMORY_LIMIT_BYTES)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
