"""Asks a child process about many images: encoded ahead, in batches, answered in order.

The process is managed in `child_process.py`. The child receives the re-encoded pixels and never a
path, because the file names of released data sets contain labels.
"""

from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any

from eemo_pipeline.execution.progress import track
from eemo_pipeline.imaging.opening import UnreadablePicture
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.vlm.contract import EncodedPicture
from eemo_pipeline.vlm.image_encoding import PicturePolicy
from resources.child_models.child_process import Child

# The child scales images for its own model; the policy only limits their size.
POLICY = PicturePolicy(1024, 95)
_ENCODERS = 4  # decoding and encoding release the GIL
_AHEAD = 64  # images that are encoded ahead of their question
_MOST_AT_ONCE = 256


@dataclass(frozen=True)
class Shown:
    """A question about an image, and how its reply is converted to an answer."""

    question: Mapping[str, Any]
    read: Callable[[Mapping[str, Any]], Answer]


def exchange(
    child: Child,
    batch: int,
    asks: Sequence[Ask],
    show: Callable[[Ask], Shown | Answer],
    label: str,
) -> Iterator[tuple[Ask, Answer]]:
    """Yield every ask with its answer, in order; the child ends with the last one.

    Args:
        child: the process.
        batch: number of questions that are sent at once.
        asks: what is asked.
        show: returns the question about an ask, or its answer where the child need not be asked;
            an image that it cannot read is an error of its own.
        label: what the progress line says.
    """
    with closing(child):
        judged = chain.from_iterable(
            _judge(child, part, shown) for part, shown in _show_ahead(asks, batch, show)
        )
        yield from track(judged, len(asks), label)


def show_pixels(picture: EncodedPicture) -> dict[str, Any]:
    """Return the fields of a question that hold an image."""
    return {"image": b64encode(picture.data).decode(), "media_type": picture.media_type}


def read_batch(told: Mapping[str, Any]) -> int:
    """Return the number of questions per batch in a child's description; by default 1."""
    batch = told.get("batch", 1)
    return batch if isinstance(batch, int) and 1 <= batch <= _MOST_AT_ONCE else 1


def _show_ahead(
    asks: Sequence[Ask], batch: int, show: Callable[[Ask], Shown | Answer]
) -> Iterator[tuple[Sequence[Ask], list[Shown | Answer]]]:
    """Yield batches of asks with their questions; the next batches are encoded meanwhile."""
    parts = [asks[start : start + batch] for start in range(0, len(asks), batch)]
    ahead = max(1, _AHEAD // batch)
    waiting: deque[list[Future[Shown | Answer]]] = deque()
    with ThreadPoolExecutor(_ENCODERS) as encoders:
        for place, part in enumerate(parts):
            for later in parts[place + len(waiting) : place + 1 + ahead]:
                waiting.append([encoders.submit(_try_to_show, show, ask) for ask in later])
            yield part, [shown.result() for shown in waiting.popleft()]


def _try_to_show(show: Callable[[Ask], Shown | Answer], ask: Ask) -> Shown | Answer:
    try:
        return show(ask)
    except UnreadablePicture as error:
        return {"status": "error", "reason": error.reason}


def _judge(
    child: Child, asks: Sequence[Ask], shown: Sequence[Shown | Answer]
) -> Iterator[tuple[Ask, Answer]]:
    told = iter(child.ask_together([one.question for one in shown if isinstance(one, Shown)]))
    for ask, one in zip(asks, shown, strict=True):
        yield ask, _read(child, one, next(told)) if isinstance(one, Shown) else one


def _read(child: Child, shown: Shown, told: Mapping[str, Any]) -> Answer:
    if told.get("status") == "error":
        reason = told.get("reason")
        is_code = isinstance(reason, str) and reason.isidentifier() and len(reason) <= 40
        return {"status": "error", "reason": reason if is_code else f"{child.role}_failed"}
    return shown.read(told)
