"""Progress of long work: a bar where there is a terminal, nothing where there is none.

Belongs here: how progress is shown. Does not belong here: what is counted as progress.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
    """Yield the items; on a terminal, show a bar with rate and remaining time on stderr.

    Several may be under way at the same time: their bars stand below each other.
    """
    if not sys.stderr.isatty() or total == 0:
        yield from items
        return
    with _BARS.show(description, total) as advance:
        for item in items:
            yield item
            advance()


class _Bars:
    """The bars on stderr, of which a terminal bears one display at a time."""

    def __init__(self) -> None:
        self._display: Progress | None = None
        self._shown = 0

    @contextmanager
    def show(self, description: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar, and the function that moves it on by one."""
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
    """A function to be told bytes done and in all; on a terminal it moves a bar on stderr."""
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
