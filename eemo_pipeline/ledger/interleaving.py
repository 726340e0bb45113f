"""Collects items from several concurrent producers, round-robin and in batches.

The consumer waits for one batch of each producer in turn. The other producers keep running
meanwhile, since a model sends requests ahead of the consumer. So the total time is that of the
slowest producer.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from math import inf
from typing import TypeVar

_AT_ONCE = 500  # answers per transaction
_LONGEST_WAIT_S = 1.0  # after which an incomplete batch is yielded

Item = TypeVar("Item")


def gather(performed: Iterator[Item]) -> Generator[list[Item], None, None]:
    """Group items into batches. If the iterator raises, yield the items before the error first.

    The first item forms a batch of its own, so that the next model starts soon.
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
    """Yield (place, item), one item of each iterator in turn, until all are exhausted.

    If one raises, or the caller stops early, all iterators are closed.
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
