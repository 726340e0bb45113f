"""Takes answers from models that are at work at the same time, each in its own pace.

Belongs here: gathering what comes into batches, and whose turn it is. Does not belong here: what a
batch holds, or where it is stored.

A turn ends when a batch has gathered. The others work on meanwhile: a model asks ahead of its
answers being taken, so the slowest alone decides how long all take.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from math import inf
from typing import TypeVar

_AT_ONCE = 500  # answers per transaction
_LONGEST_WAIT_S = 1.0  # after which answers are handed on though they are fewer

Item = TypeVar("Item")


def gather(performed: Iterator[Item]) -> Generator[list[Item], None, None]:
    """What comes, in batches; where it ends with an error, first what came before.

    The first item is a batch of its own, so that the next model begins soon.
    """
    batch: list[Item] = []
    began = -inf
    try:
        for pair in performed:
            batch.append(pair)
            if len(batch) >= _AT_ONCE or time.monotonic() - began > _LONGEST_WAIT_S:
                yield batch
                batch, began = [], time.monotonic()
    except GeneratorExit:
        raise
    except BaseException:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def take_turns(
    iterators: Sequence[Generator[Item, None, None]],
) -> Iterator[tuple[int, Item]]:
    """Yield (place, item), one of each iterator in turn, until all are at their end.

    Where one raises, or the caller stops, all are closed.
    """
    working = dict(enumerate(iterators))
    try:
        while working:
            for place, iterator in list(working.items()):
                try:
                    item = next(iterator)
                except StopIteration:
                    del working[place]
                else:
                    yield place, item
    finally:
        for iterator in working.values():
            iterator.close()
