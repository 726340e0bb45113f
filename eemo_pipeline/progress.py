"""Progress of long work: a bar where there is a terminal, nothing where there is none.

Belongs here: how progress is shown. Does not belong here: what is counted as progress.
"""

import sys
from collections.abc import Iterable, Iterator
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
