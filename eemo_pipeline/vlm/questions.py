"""What the engine is asked: questions, how their replies are read, and the limits it keeps.

Belongs here: the contract between a stage and the engine. Does not belong here: how questions are
sent (`scheduler.py`), what a reply must hold (the stages).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.vlm.contract import VlmRequest


class Unusable(Exception):
    """A reply that does not hold what was asked for.

    The message is shown to the model when it is asked again: which field, what is wrong with it.
    """


@dataclass(frozen=True)
class Question:
    """One question to one model about one picture.

    Attributes:
        key: what names the answer in the ledger (`Ask.key`); no two questions of a run share it.
        image_id: the picture, by content.
        role: the ledger's role, e.g. "annotator".
        build: makes the request, reading and encoding the picture; called once, from any thread,
            shortly before it is sent. Raises UnreadablePicture where there is nothing to send.
        read: makes the answer's fields of a reply's text. Raises Unusable.
    """

    key: str
    image_id: str
    role: str
    build: Callable[[], VlmRequest]
    read: Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Limits:
    """How hard one model may be worked. What the provider allows is learned where not given.

    Attributes:
        in_flight: attempts under way at once, with answers that are not durable yet: at most so
            many are paid for twice after a kill.
        timeout_s: an attempt that takes longer is cancelled and counts as a transient fault.
        requests_per_minute: the provider's limit, where it is known.
        tokens_per_minute: the provider's limit, where it is known; an attempt weighs its bound.
        tries: attempts that may fail for transient reasons before a question is given up.
        reasks: how often a malformed reply is sent back with what is wrong with it.
        backoff_s: mean wait before the second try is half of it; it doubles with every try.
        hedge_share: at most this share of the attempts are second ones for slow calls.
        patience_s: a provider that answers nothing but faults for so long ends the run.
    """

    in_flight: int = 256
    timeout_s: float = 60.0
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    tries: int = 6
    reasks: int = 2
    backoff_s: float = 0.5
    hedge_share: float = 0.03
    patience_s: float = 300.0
