"""Progress of long work: a bar on a terminal, nothing elsewhere."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
    """Yield the items; on a terminal, show a bar with rate and remaining time on stderr.

    Several may run at the same time; their bars are shown below each other.
    """
    if not sys.stderr.isatty() or total == 0:
        yield from items
        return
    with _BARS.show(description, total) as advance:
        for item in items:
            yield item
            advance()


class _Bars:
    """The bars on stderr; they share one display, as a terminal supports only one at a time."""

    def __init__(self) -> None:
        self._display: Progress | None = None
        self._shown = 0

    @contextmanager
    def show(self, description: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a bar and yield the function that advances it by one."""
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
