"""The contract of a provider's batch interface: a file of requests, a file of results, half price.

Belongs here: what such an interface must offer, and what is agreed for all of them. Does not
belong here: any provider (`resources/`), which questions go into a batch (`batch_submission.py`),
what becomes of the results (`batch_collection.py`), what waits (`ledger/batches.py`).

A batch asks what would be asked one by one: the same request under the same key, so its answers
are in the ledger as any others. Nothing is submitted twice: a batch has a token, which is on disk
before the batch is sent and by which the provider's list tells whether it has come.
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
    """A provider has no batch interface that is known here."""


class NoResult(Exception):
    """The results of a batch cannot be had any more, or cannot be stored.

    Attributes:
        reason: snake_case, for the rows.
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class Stray(Exception):
    """A line of a result file that is of no row; the message is the reason, snake_case."""


class Expired(ProviderProblem):
    """A row that was not answered within the batch's time; it is not billed."""

    def __init__(self) -> None:
        """Nothing was billed."""
        super().__init__("the batch ended before the row was answered", Usage(0, 0))


@dataclass(frozen=True)
class BatchSize:
    """How large a batch may be."""

    rows: int
    size_bytes: int


@dataclass(frozen=True)
class Standing:
    """How a batch stands at its provider.

    Attributes:
        state: `open` until nothing changes any more; `lost` where the provider does not know it.
        reason: snake_case, why it failed, else None.
        results: the provider's names of its result files; answered rows are billed however the
            batch ended.
        done_count: rows that are answered or refused so far, as the provider counts them.
    """

    state: Literal["open", "completed", "failed", "expired", "cancelled", "lost"]
    reason: str | None = None
    results: tuple[str, ...] = ()
    done_count: int = 0


class BatchInterface(Protocol):
    """The batch interface of one model of one provider.

    Every method may raise ProviderProblem as `problems.py` divides them.
    """

    @property
    def provider(self) -> str:
        """The provider's name in costs and in the ledger."""
        ...

    @property
    def model(self) -> str:
        """The model that is asked for, with its version."""
        ...

    @property
    def largest(self) -> BatchSize:
        """What the provider takes at most."""
        ...

    def encode(self, key: str, request: VlmRequest) -> bytes:
        """The request as a line of the file, with the line's end."""
        ...

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Tokens that the request may cost at most."""
        ...

    def send(self, file: Path, token: str) -> str:
        """Submit the file as a batch that bears the token, once; the provider's name of it."""
        ...

    def find(self, tokens: Collection[str]) -> Mapping[str, str]:
        """token -> the provider's name, of those batches among `tokens` that it has."""
        ...

    def look(self, remote_id: str) -> Standing:
        """How a batch stands."""
        ...

    def fetch(self, result: str, into: RawIOBase) -> None:
        """Write a result file to `into`, whatever it holds.

        Raises:
            NoResult: it is gone.
        """
        ...

    def read(self, line: Mapping[str, Any]) -> tuple[str, VlmReply | ProviderProblem]:
        """The key of a line of a result file, and what became of its request.

        Raises:
            Stray: it has no key.
        """
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


# (provider, model) -> its batch interface; raises BatchUnsupported.
FindInterface = Callable[[str, str], BatchInterface]


def adopt(interface: BatchInterface, ledger: Ledger) -> list[Batch]:
    """Find intended batches of the model that the provider has; those that it does not have.

    They were sent by a process that died before it could write down that they were.
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
    """Every open batch with how it stands at its provider, oldest first, one model after the other.

    Intended batches that the provider has become open; the others are left to the next submission.
    A provider that cannot be asked does not hold up the others.

    Raises:
        ProviderProblem: the first of those that could not be asked, after all others.
        BatchUnsupported: a provider has no batch interface any more.
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
