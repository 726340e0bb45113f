"""The contract of a provider's batch interface: a file of requests, a file of results, half price.

The providers' implementations are in `resources/providers/`. `submission.py` chooses the questions
of a batch, `collection.py` reads its results, and `ledger/batches.py` stores its state.

A batch sends the same requests under the same keys as single calls would, so the ledger stores its
answers like any others. Nothing is submitted twice: each batch has a token that is on disk before
the batch is sent, and the provider's list shows whether a batch with that token has arrived.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any, Literal, Protocol

from eemo_pipeline.ledger.batches import Batch, mark_open, read_open
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.vlm.contract import Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import ProviderProblem


class BatchUnsupported(LookupError):
    """A provider has no batch interface, or none that is supported here."""


class NoResult(Exception):
    """The results of a batch are no longer available, or cannot be stored.

    Attributes:
        reason: snake_case, stored with the rows.
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class Stray(Exception):
    """A line of a result file that belongs to no row; the message is the reason, in snake_case."""


class Expired(ProviderProblem):
    """A row that was not answered before the batch expired; it is not billed."""

    def __init__(self) -> None:
        """Record that nothing was billed."""
        super().__init__("the batch ended before the row was answered", Usage(0, 0))


@dataclass(frozen=True)
class BatchSize:
    """Maximum size of a batch, and of what is read of its results.

    Attributes:
        rows: Requests.
        size_bytes: Bytes of the file of requests.
        result_bytes: Bytes of a result file per row, on average.
        line_bytes: Bytes of one line of a result file; a longer one is not read.
    """

    rows: int
    size_bytes: int
    result_bytes: int = 64 << 10
    line_bytes: int = 4 << 20  # a normal row has 10 kB including all provider fields


@dataclass(frozen=True)
class Standing:
    """The state of a batch at its provider.

    Attributes:
        state: `open` until nothing changes any more; `lost` if the provider does not know the
            batch.
        reason: Why it failed, in snake_case, else None.
        results: The provider's names of the result files. Answered rows are billed however the
            batch ended.
        done_count: Rows answered or refused so far, as the provider counts them.
        said: The provider's words about why it failed.
    """

    state: Literal["open", "completed", "failed", "expired", "cancelled", "lost"]
    reason: str | None = None
    results: tuple[str, ...] = ()
    done_count: int = 0
    said: str | None = None

    @property
    def is_not_run(self) -> bool:
        """Whether the batch failed before any of its rows was looked at."""
        return self.state == "failed" and not self.results and not self.done_count


class BatchInterface(Protocol):
    """The batch interface of one model of one provider.

    Every method may raise a ProviderProblem of `errors.py`.
    """

    @property
    def provider(self) -> str:
        """The provider's name in costs and in the ledger."""
        ...

    @property
    def model(self) -> str:
        """The requested model, with its version."""
        ...

    @property
    def largest(self) -> BatchSize:
        """The provider's size limit."""
        ...

    def encode(self, key: str, request: VlmRequest) -> bytes:
        """Return the request as one line of the file, with its line break."""
        ...

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on the request's tokens."""
        ...

    def send(self, file: Path, token: str) -> str:
        """Submit the file as a batch with this token, once; return the provider's name of it."""
        ...

    def find(self, tokens: Collection[str]) -> Mapping[str, str]:
        """Return token -> the provider's name for each of `tokens` whose batch the provider has."""
        ...

    def look(self, remote_id: str) -> Standing:
        """Return the state of a batch."""
        ...

    def fetch(self, result: str, into: RawIOBase) -> None:
        """Write a result file to `into`, whatever it contains.

        Raises:
            NoResult: The file no longer exists.
        """
        ...

    def read(self, line: Mapping[str, Any]) -> tuple[str, VlmReply | ProviderProblem]:
        """Return the key in a line of a result file and the result of its request.

        Raises:
            Stray: The line has no key.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


# (provider, model) -> its batch interface; raises BatchUnsupported.
FindInterface = Callable[[str, str], BatchInterface]


def adopt(interface: BatchInterface, ledger: Ledger) -> list[Batch]:
    """Mark intended batches that the provider already has as open; return those it does not have.

    They were sent by a process that died before it could record them.
    """
    intended = [batch for batch in read_open(ledger) if _is_intended(batch, interface)]
    found = interface.find({batch.token for batch in intended}) if intended else {}
    for batch in intended:
        if batch.token in found:
            mark_open(ledger, batch.token, found[batch.token])
    return [batch for batch in intended if batch.token not in found]


def _is_intended(batch: Batch, interface: BatchInterface) -> bool:
    return batch.state == "intended" and (batch.provider, batch.model) == (
        interface.provider,
        interface.model,
    )


def look_at_open(
    ledger: Ledger, find_interface: FindInterface
) -> Iterator[tuple[Batch, BatchInterface, Standing]]:
    """Yield every open batch with its state at the provider: model by model, oldest first.

    Intended batches that the provider already has become open; the next submission sends the
    others. A provider that cannot be reached does not delay the others.

    Raises:
        ProviderProblem: The first problem of an unreachable provider, raised after all others are
            done.
        BatchUnsupported: A provider no longer has a batch interface.
    """
    problems: list[ProviderProblem] = []
    for model in sorted({(batch.provider, batch.model) for batch in read_open(ledger)}):
        interface = find_interface(*model)
        try:
            adopt(interface, ledger)
            for batch in read_open(ledger):
                if batch.remote_id is not None and (batch.provider, batch.model) == model:
                    yield batch, interface, interface.look(batch.remote_id)
        except ProviderProblem as problem:
            problems.append(problem)
        finally:
            interface.close()
    if problems:
        raise problems[0]
