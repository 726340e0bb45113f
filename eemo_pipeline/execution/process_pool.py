"""Distributes work on images over processes and survives an image that crashes one.

Holds the pool, its limits, and the isolation of a crash. Functions must be importable by name,
because they run in other processes.
"""

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

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
        self._pool: _Pool | None = None

    def close(self) -> None:
        """End the processes, also in the middle of an item."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item], chunk: int = 16
    ) -> Iterator[tuple[Item, Result | WorkerCrash]]:
        """Yield each item with its result as results arrive, in no particular order.

        An exception raised by `function` propagates. If a process dies, the item it worked on is
        tried once more in a new one, and yielded with a WorkerCrash if that dies too. An item that
        used up its time is not tried again; it is yielded with a TookTooLong.
        Several maps may run at the same time.
        """
        batches = (items[start : start + chunk] for start in range(0, len(items), chunk))
        pending: dict[Future[list[Result | WorkerCrash]], Sequence[Item]] = {}
        try:
            while True:
                room = self.processes * _IN_FLIGHT_PER_PROCESS - len(pending)
                for batch in islice(batches, room):
                    pending[self._running().submit(function, batch)] = batch
                if not pending:
                    return
                future = next(as_completed(pending))
                yield from zip(pending.pop(future), future.result(), strict=True)
        finally:
            for future in pending:
                future.cancel()

    def _running(self) -> "_Pool":
        if self._pool is None:
            self._pool = _Pool(self.processes, self.time_limit_s)
        return self._pool


class _Pool:
    """Threads that each hand work to a process of their own.

    `ProcessPoolExecutor` does not say on which item a process died, and ends all others with it.
    """

    def __init__(self, processes: int, time_limit_s: float) -> None:
        self._threads = ThreadPoolExecutor(processes, "pool")
        self._time_limit_s = time_limit_s
        self._of_thread = threading.local()
        self._lock = threading.Lock()  # guards the two below
        self._children: set[_Child] = set()
        self._is_closed = False

    def submit(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> "Future[list[Result | WorkerCrash]]":
        return self._threads.submit(self._work_off, function, items)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._is_closed = True
            for child in self._children:
                child.process.kill()
        self._threads.shutdown()
        for child in self._children:
            child.process.join()
            child.connection.close()

    def _work_off(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result | WorkerCrash]:
        results: list[Result | WorkerCrash] = []
        while left := items[len(results) :]:
            got = self._ask(function, left)
            if isinstance(got[-1], WorkerCrash) and not isinstance(got[-1], TookTooLong):
                # An earlier item may have damaged the process; the next one is new.
                (got[-1],) = self._ask(function, [left[len(got) - 1]])
            results += got
        return results

    def _ask(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result | WorkerCrash]:
        """Return the results of the items, or up to a crash if the process dies."""
        child = self._child()
        results: list[Result | WorkerCrash] = []
        try:
            child.connection.send((function, items, self._time_limit_s))
            for _ in items:
                is_result, answer = child.connection.recv()
                if not is_result:
                    break
                results.append(answer)
            else:
                return results
        except (EOFError, OSError):
            return [*results, self._bury(child)]
        except BaseException:  # the answer cannot be read here, and others may follow it
            child.process.kill()
            self._bury(child)
            raise
        raise answer

    def _child(self) -> "_Child":
        """Return the process of this thread, which is started if there is none."""
        child: _Child | None = getattr(self._of_thread, "child", None)
        if child is not None:
            return child
        with self._lock:
            if self._is_closed:
                raise CancelledError
            child = _start()
            self._children.add(child)
        self._of_thread.child = child
        return child

    def _bury(self, child: "_Child") -> WorkerCrash:
        child.process.join()
        child.connection.close()
        self._of_thread.child = None
        with self._lock:
            self._children.discard(child)
        return _explain(child.process.exitcode, self._time_limit_s)


class _Child(NamedTuple):
    process: BaseProcess
    connection: "Connection[Any, Any]"


def _start() -> _Child:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    connection, far_end = context.Pipe()
    process = context.Process(target=_serve, args=(far_end,), daemon=True)
    # Its own start would unblock the interrupts again.
    resource_tracker.ensure_running()
    with _without_interrupts():
        process.start()
    far_end.close()
    return _Child(process, connection)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Block SIGINT in this thread, and so in the fork server, which would print a traceback.

    It ignores the signal by itself only after it has imported what it preloads.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: "Connection[Any, Any]") -> None:
    """Answer requests until the other end closes: each result, or the exception that ends it."""
    _end_with_parent()
    _limit_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the run, which ends this
    while True:
        try:
            function, items, time_limit_s = connection.recv()
        except EOFError:
            return
        for item in items:
            try:
                connection.send((True, _run(function, item, time_limit_s)))
            except Exception as error:  # noqa: BLE001 (raised again in the other process)
                connection.send((False, error))
                break


def _end_with_parent() -> None:
    """End this worker when the process of the run ends, even by `kill -9`.

    In the middle of an item it would not see that its connection has closed. The fork server ends
    after the workers.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


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


def _limit_memory() -> None:
    """Make allocations beyond MEMORY_LIMIT_BYTES fail in this process."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MEMORY_LIMIT_BYTES if hard < 0 else min(hard, MEMORY_LIMIT_BYTES)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
