"""Progress of long work: lines in the log, which Dagster shows with a run, and a terminal's bar."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

Item = TypeVar("Item")
_LOG = logging.getLogger(__name__)
_TOLD_EVERY_S = 10.0


def track(items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
    """Yield the items; log how many there are, then how many are done, every ten seconds at most.

    The time left follows from what came after the first item, since that may wait for a model to
    load or a server to start.

    On a terminal, a bar on stderr shows rate and remaining time. Several may run at the same time;
    their bars are shown below each other.
    """
    if total == 0:
        yield from items
        return
    with _BARS.show(description, total) as advance:
        began = told = first = time.monotonic()
        _LOG.info("%s: %s to do", description, f"{total:,}")
        for done, item in enumerate(items, start=1):
            yield item
            advance()
            now = time.monotonic()
            first = now if done == 1 else first
            if done == total:
                _LOG.info("%s: %s in %.1f s", description, f"{done:,}", now - began)
            elif now - told >= _TOLD_EVERY_S:
                told = now
                _LOG.info("%s", _say_progress(description, done, total, now - first))


def _say_progress(description: str, done: int, total: int, seconds: float) -> str:
    """Return what is done, how fast since the first item, and how long the rest takes."""
    if done == 1:
        return f"{description}: 1 of {total:,}"
    rate = (done - 1) / max(seconds, 1e-3)
    left = timedelta(seconds=round((total - done) / rate))
    return f"{description}: {done:,} of {total:,}, {rate:.1f} per second, about {left} left"


class _Bars:
    """The bars on stderr; they share one display, as a terminal supports only one at a time."""

    def __init__(self) -> None:
        self._display: Progress | None = None
        self._shown = 0

    @contextmanager
    def show(self, description: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a bar and yield the function that advances it by one; elsewhere nothing is shown."""
        if not sys.stderr.isatty():
            yield lambda: None
            return
        from rich.markup import escape

        display = self._display = self._display or _open_display()
        self._shown += 1
        bar = display.add_task(escape(description), total=total)
        try:
            yield lambda: display.advance(bar)
        finally:
            display.remove_task(bar)
            self._shown -= 1
            if not self._shown:
                display.stop()
                self._display = None


_BARS = _Bars()


def _open_display() -> "Progress":
    from rich.console import Console
    from rich.progress import Progress

    display = Progress(console=Console(stderr=True), transient=True)
    display.start()
    return display


@contextmanager
def track_bytes(description: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function of bytes done and total; on a terminal it drives a bar on stderr."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(
        TextColumn("{task.description}"), *columns, console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(escape(description), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
