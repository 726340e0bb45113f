"""Progress of long work: a bar where there is a terminal, nothing where there is none.

Belongs here: how progress is shown. Does not belong here: what is counted as progress.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
    """Yield the items; on a terminal, show a bar with rate and remaining time on stderr."""
    if not sys.stderr.isatty() or total == 0:
        yield from items
        return
    from rich.console import Console
    from rich.progress import track as show

    yield from show(items, description, total=total, console=Console(stderr=True), transient=True)


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
