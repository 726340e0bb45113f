"""Collects a provider's result files into the ledger; every row gets exactly one ending.

`ledger/batches.py` stores the endings.

A result file is untrusted: its size is bounded while it is fetched, and the length of each line
before it is parsed. A line that belongs to no row is counted and not used. Rows are written in
transactions of a few hundred; a crash between two of them, or a second collector running at the
same time, leads to no duplicate.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import RawIOBase
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from eemo_pipeline.ledger.batches import (
    Batch,
    Ending,
    RowOutcome,
    mark_over,
    read_keys,
    read_waiting,
)
from eemo_pipeline.ledger.store import Attempt, Ledger
from eemo_pipeline.vlm.batch.interface import (
    BatchInterface,
    Expired,
    FindInterface,
    NoResult,
    Standing,
    Stray,
    look_at_open,
)
from eemo_pipeline.vlm.contract import Usage, VlmReply
from eemo_pipeline.vlm.engine.attempts import (
    NO_USAGE,
    REPLIES,
    Outcome,
    judge_problem,
    judge_reply,
)
from eemo_pipeline.vlm.errors import ProviderProblem
from eemo_pipeline.vlm.spending.prices import Prices

_AT_ONCE = 500  # rows per transaction
_SPARE_BYTES = 64 << 20
_FREE = Usage(0, 0)
_NOT_RUN = "cancelled"  # an attempt that was never made

Read = Callable[[str], dict[str, Any]]
Answered = tuple[str, str, str, str, dict[str, Any]]


@dataclass
class Collection:
    """Counts of a collection.

    Attributes:
        batches: Batches that are over.
        still_open: Batches that the provider is still processing.
        rows: outcome -> number of rows.
        strays: reason -> lines of result files that were not used.
    """

    batches: int = 0
    still_open: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    strays: Counter[str] = field(default_factory=Counter)


def collect(
    find_interface: FindInterface,
    readers: Mapping[str, Read],
    *,
    ledger: Ledger,
    prices: Prices,
    folder: Path,
) -> Collection:
    """Store the results of every batch that is over; leave open batches alone.

    Args:
        find_interface: Returns the batch interface of a provider's model.
        readers: role -> reader that creates an answer from a reply, as `Question.read`.
        ledger: Stores waiting batches and answers.
        prices: Prices per token.
        folder: Folder of the batch files.

    Raises:
        ProviderProblem: A provider cannot be reached; results collected before are stored.
        UnknownPrice: A model has no price.
        LookupError: No reader is given for the role of a batch.
    """
    done = Collection()
    for batch, interface, standing in look_at_open(ledger, find_interface):
        if standing.state == "open":
            done.still_open += 1
            continue
        if batch.role not in readers:
            raise LookupError(f"nobody reads what the role {batch.role} is answered in batches")
        reading = _Reading(batch, standing, readers[batch.role], ledger, prices, done)
        reading.store(interface, folder)
        for name in (f"{batch.token}.jsonl", f"{batch.token}.results"):
            (folder / name).unlink(missing_ok=True)
        done.batches += 1
    return done


class _Reading:
    """The results of one batch that is over.

    Attributes:
        read: Creates the answer from the text of a reply.
    """

    def __init__(
        self,
        batch: Batch,
        standing: Standing,
        read: Read,
        ledger: Ledger,
        prices: Prices,
        done: Collection,
    ) -> None:
        self._batch = batch
        self._standing = standing
        self.read = read
        self._ledger = ledger
        self._prices = prices
        self._done = done
        self._keys = read_keys(ledger, batch.token)
        self._waiting = read_waiting(ledger, batch.token)
        self._seen: set[str] = set()
        self._strays: Counter[str] = Counter()

    def store(self, interface: BatchInterface, folder: Path) -> None:
        """Give every row its ending."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self._batch.token}.results"
        most = _SPARE_BYTES + interface.largest.result_bytes * self._batch.row_count
        rest, cost = _without_result(self._standing), _FREE
        try:
            for result in self._standing.results:
                with path.open("wb") as file:
                    interface.fetch(result, _Bounded(file, most))
                with path.open("rb") as file:
                    self._store_rows(self._read_rows(file, interface))
        except NoResult as problem:
            # Part of it may be billed; how much is unknown.
            rest, cost = Outcome("transient", problem.reason), None
        if self._standing.state in ("completed", "lost"):
            cost = None
        waiting = [key for key in self._waiting if key not in self._seen]
        ending = replace(rest, usage=cost, said=self._standing.said)
        self._store_rows((key, ending) for key in waiting)
        self._done.strays += self._strays
        mark_over(self._ledger, self._batch.token, self._standing.state, self._strays.total())

    def _read_rows(
        self, file: BinaryIO, interface: BatchInterface
    ) -> Iterator[tuple[str, Outcome]]:
        """Yield the key and outcome of every line whose row has no ending yet."""
        for line in _read_lines(file, interface.largest.line_bytes):
            try:
                key, result = interface.read(_parse(line))
                if key not in self._keys:
                    raise Stray("unknown_custom_id")
                if key in self._seen:
                    raise Stray("custom_id_twice")
            except Stray as stray:
                self._strays[str(stray)] += 1
                continue
            self._seen.add(key)
            if key in self._waiting:
                yield key, self._judge(result)

    def _judge(self, result: VlmReply | ProviderProblem) -> Outcome:
        match result:
            case Expired():
                return Outcome("timed_out", "batch_expired", _FREE)
            case ProviderProblem():
                return judge_problem(result)
            case _:
                try:
                    tokens = result.usage.output_tokens if result.usage else 0
                    return judge_reply(self, result, tokens)
                except Exception:  # noqa: BLE001 (a defect of `read` must not stop the others)
                    return Outcome("malformed", "unexpected_error", result.usage)

    def _store_rows(self, rows: Iterator[tuple[str, Outcome]]) -> None:
        while chunk := list(islice(rows, _AT_ONCE)):
            attempts: list[Attempt] = []
            answers: list[Answered] = []
            endings: list[Ending] = []
            for key, outcome in chunk:
                attempt = self._attempt(key, outcome)
                attempts.append(attempt)
                if outcome.answer and outcome.answer["status"] != "error":
                    batch = self._batch
                    answers.append(
                        (key, batch.role, batch.model, self._waiting[key], outcome.answer)
                    )
                endings.append(_end(self._batch.token, key, outcome, attempt.nano_usd))
            self._ledger.record(attempts, answers, [ending.as_row() for ending in endings])
            self._done.rows.update(ending.outcome for ending in endings)

    def _attempt(self, key: str, outcome: Outcome) -> Attempt:
        batch, usage = self._batch, outcome.usage
        cost, reason = None, outcome.reason
        if usage is not None:
            cost = self._prices.cost(batch.provider, batch.model, usage, is_batch=True)
        elif outcome.kind in REPLIES:  # its share of what the batch may cost
            cost, reason = -(-batch.bound_nano_usd // batch.row_count), reason or NO_USAGE
        return Attempt(
            key=key,
            stage=batch.stage,
            role=batch.role,
            provider=batch.provider,
            model=batch.model,
            image_id=self._waiting[key],
            outcome=outcome.kind,
            reason=reason,
            said=outcome.said,
            input_tokens=usage and usage.input_tokens,
            output_tokens=usage and usage.output_tokens,
            cached_tokens=usage and usage.cached_tokens,
            nano_usd=cost,
            is_batch=True,
        )


class _Bounded(RawIOBase):
    """A file that accepts at most `most` bytes."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._left = most

    def write(self, data: Any, /) -> int:
        self._left -= memoryview(data).nbytes
        if self._left < 0:
            raise NoResult("result_too_large")
        return self._file.write(data)


def _read_lines(file: BinaryIO, longest: int) -> Iterator[bytes | None]:
    """Yield the lines that are not blank; None for a line that is too long."""
    while line := file.readline(longest):
        if len(line) == longest and not line.endswith(b"\n"):
            while (more := file.readline(longest)) and not more.endswith(b"\n"):
                pass
            yield None
        elif line.strip():
            yield line


def _parse(line: bytes | None) -> Mapping[str, Any]:
    if line is None:
        raise Stray("line_too_long")
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        raise Stray("not_json") from None
    if not isinstance(parsed, dict):
        raise Stray("not_an_object")
    return parsed


def _without_result(standing: Standing) -> Outcome:
    """Return the outcome of a row that has no result."""
    match standing.state:
        case "expired":
            return Outcome("timed_out", "batch_expired")
        case "failed" if standing.is_not_run:
            return Outcome(_NOT_RUN, standing.reason or "batch_failed")
        case "completed" | "open":
            return Outcome("transient", "missing_in_result")
        case _:
            return Outcome("transient", standing.reason or f"batch_{standing.state}")


def _end(token: str, key: str, outcome: Outcome, nano_usd: int | None) -> Ending:
    reply, complaint = (
        (outcome.turn.reply, outcome.turn.complaint) if outcome.turn else (None, None)
    )
    return Ending(token, key, _row_outcome(outcome), outcome.reason, nano_usd, reply, complaint)


def _row_outcome(outcome: Outcome) -> RowOutcome:
    if outcome.reason == "batch_expired":
        return "expired"
    if outcome.kind == _NOT_RUN:
        return "not_run"
    if outcome.kind == "malformed":
        return "malformed"
    if outcome.answer and outcome.answer["status"] != "error":
        return "answered" if outcome.kind == "ok" else "declined"
    return "failed"
