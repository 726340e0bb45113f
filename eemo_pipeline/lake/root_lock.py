"""The lock of a data root: one writer at a time, whoever started it.

The kernel frees the lock however its holder ends. Whoever gets it removes the temporary files that
a killed holder left.
"""

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from eemo_pipeline.lake.data_root import DataRoot

_LOOK_S = 0.5  # time between two looks at a lock that another process holds, in seconds
_guard = threading.Lock()
_held: dict[Path, int] = {}  # lock file -> how often this process holds it


@dataclass(frozen=True)
class Holder:
    """The process that holds a data root, and what it does; 0 and "" where that is unknown."""

    process: int = 0
    activity: str = ""


def is_held_elsewhere(root: DataRoot) -> Holder | None:
    """Return the other process that writes to the data root now, if there is one."""
    place = _place(root)
    if _held.get(place.resolve()) or not place.exists():
        return None
    with place.open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_holder(lock)
    return None


@contextmanager
def hold_data_root(
    root: DataRoot, activity: str, on_wait: Callable[[Holder], None]
) -> Iterator[None]:
    """Hold the data root, after waiting for the process that holds it; Ctrl-C ends the wait.

    Within the process that holds it already this is no wait: a run inside a command is one writer.

    Args:
        root: the data root; its state folder is created if needed.
        activity: what this process does, for those who wait for it.
        on_wait: called with the holder, once per holder.
    """
    place = _place(root)
    place.parent.mkdir(parents=True, exist_ok=True)
    key = place.resolve()
    with _guard:
        is_ours = _held.get(key, 0) > 0
        if is_ours:
            _held[key] += 1
    if is_ours:
        try:
            yield
        finally:
            _release(key)
        return
    with place.open("a+", encoding="utf-8") as lock:
        _wait_for(lock, on_wait)
        lock.truncate(0)
        lock.write(f"{os.getpid()} {activity}")
        lock.flush()
        with _guard:
            _held[key] = 1
        try:
            _remove_temporary_files(root)
            yield
        finally:
            _release(key)


def _place(root: DataRoot) -> Path:
    return root.state / "run.lock"


def _release(key: Path) -> None:
    with _guard:
        _held[key] -= 1


def _wait_for(lock: TextIOWrapper, on_wait: Callable[[Holder], None]) -> None:
    known: Holder | None = None
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read_holder(lock)
            if holder != known:
                on_wait(holder)
                known = holder
            time.sleep(_LOOK_S)
        else:
            return


def _read_holder(lock: TextIOWrapper) -> Holder:
    lock.seek(0)
    process, _, activity = lock.read().partition(" ")
    return Holder(int(process), activity) if process.isdecimal() else Holder()


def _remove_temporary_files(root: DataRoot) -> None:
    """Remove unfinished files of `lake/parquet.py` and `lake/warehouse.py`, which rename them."""
    for path in root.path.glob(".*.tmp*"):
        _remove(path)
    for top in (root.tables, root.exports):
        for folder, _, names in os.walk(top):
            for name in names:
                if name.startswith(".") and name.endswith(".tmp"):
                    _remove(Path(folder, name))


def _remove(path: Path) -> None:
    if path.is_dir():  # where DuckDB swaps
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()
