"""The contract between a stage and the engine: questions, reply readers and limits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.vlm.contract import VlmRequest


class Unusable(Exception):
    """A reply that does not contain the requested answer.

    The message is shown to the model when it is asked again: which field is wrong, and why.
    """


@dataclass(frozen=True)
class Question:
    """One question to one model about one image.

    Attributes:
        key: The answer's key in the ledger (`Ask.key`); unique within a run.
        image_id: Content hash of the image.
        role: The ledger's role, e.g. "annotator".
        build: Creates the request, reading and encoding the image. Called once, from any thread,
            shortly before the request is sent. Raises UnreadablePicture if there is nothing to
            send.
        read: Creates the answer's fields from the text of a reply. Raises Unusable.
    """

    key: str
    image_id: str
    role: str
    build: Callable[[], VlmRequest]
    read: Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Limits:
    """Concurrency, rate and retry limits for one model.

    Rates left as None are learned from the provider's 429s and headers.

    Attributes:
        in_flight: Maximum number of attempts that are running or whose answers are not yet durable;
            at most this many are paid for twice after a kill.
        timeout_s: An attempt that takes longer is cancelled and counts as a transient fault.
        requests_per_minute: The provider's request limit, if known.
        tokens_per_minute: The provider's token limit, if known; an attempt counts with its upper
            bound.
        tries: Attempts that may fail for transient reasons before a question is given up.
        reasks: How often a malformed reply is sent back with a description of its fault.
        backoff_s: Upper limit of the wait before the second try, and twice its mean; doubles per
            try.
        hedge_share: Maximum share of attempts that are hedges, i.e. second attempts for slow calls;
            0 for none.
        patience_s: A provider that returns nothing but faults for this long ends the run.
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
