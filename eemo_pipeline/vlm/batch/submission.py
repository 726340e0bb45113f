"""Submits questions in batches; each question is in at most one open batch and paid for once.

`collection.py` reads the results; the providers' interfaces are in `resources/providers/`.

The order of steps makes a crash harmless: file, intention, upload, record. A file without an
intention was never sent and is deleted. An intention without a record is looked up at the provider,
and sent if it is not there. Only one process at a time submits, because a batch that another
process has just intended would look like one left by a crash.
"""

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

from eemo_pipeline.imaging.opening import UnreadablePicture
from eemo_pipeline.lake.durability import flush_folder
from eemo_pipeline.ledger.batches import (
    Batch,
    BatchConflict,
    Failure,
    count_batches,
    intend,
    mark_open,
    read_failures,
    read_open,
    read_waiting,
    withdraw,
)
from eemo_pipeline.ledger.locks import hold
from eemo_pipeline.vlm.batch.interface import BatchInterface, BatchSize, adopt
from eemo_pipeline.vlm.contract import Turn, VlmRequest
from eemo_pipeline.vlm.engine.attempts import NO_ROOM, give_room
from eemo_pipeline.vlm.errors import RateLimited, Rejected
from eemo_pipeline.vlm.questions import Question
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import BudgetReached, Reservation

_BUILDERS = 2
_AHEAD = 16  # requests built but not written
_TOKEN_DIGITS = 32


@dataclass(frozen=True)
class BatchPolicy:
    """How batches are made.

    Attributes:
        folder: Folder of the batch files until the batches are over.
        rows: Maximum number of questions in a batch; None for the provider's maximum.
        size_bytes: Maximum size of a batch's file; None for the provider's maximum.
        tries: A question without an answer after this many batches is left to single calls.
    """

    folder: Path
    rows: int | None = None
    size_bytes: int | None = None
    tries: int = 3

    def limit(self, largest: BatchSize) -> BatchSize:
        """Return the narrower of the provider's limit and ours."""
        return BatchSize(
            min(largest.rows, self.rows or largest.rows),
            min(largest.size_bytes, self.size_bytes or largest.size_bytes),
        )


@dataclass
class Submission:
    """The result of a submission; all counts except the first two are of questions.

    Attributes:
        batches: Batches sent now.
        adopted: Batches of an earlier submission that died, found at the provider or sent now.
        submitted: Questions in the batches sent now, including those of an earlier submission.
        answered: Already answered in the ledger.
        waiting: In an open batch.
        given_up: Failed in too many batches; single calls may succeed.
        unreadable: The image cannot be sent.
        too_large: Larger than a whole batch may be.
        held_back: Not sent, because the provider's queue is full; a later submission sends them.
        bound_nano_usd: Maximum cost of the batches sent now.
    """

    batches: int = 0
    adopted: int = 0
    submitted: int = 0
    answered: int = 0
    waiting: int = 0
    given_up: int = 0
    unreadable: int = 0
    too_large: int = 0
    held_back: int = 0
    bound_nano_usd: int = 0

    def __iadd__(self, other: "Submission") -> "Submission":
        """Add the counts of another model."""
        for name, count in asdict(other).items():
            setattr(self, name, getattr(self, name) + count)
        return self


def submit(
    interface: BatchInterface,
    questions: Iterable[Question],
    *,
    stage: str,
    role: str,
    session: Session,
    policy: BatchPolicy,
) -> Submission:
    """Send every question to the model that has no answer and waits in no batch.

    Before a batch is sent, its maximum cost at the batch price is taken from the run's budget.
    After a malformed reply in an earlier batch, the reply and its complaint are sent along.

    Raises:
        BudgetReached: The next question might exceed the cap; the questions within it are sent.
        BatchConflict: Another process is submitting.
        ProviderProblem: The provider rejects a batch; a batch that it may have accepted is found
            later.
        UnknownPrice: The model has no price.
    """
    clerk = _Clerk(interface, stage, role, session, policy)
    with hold(session.ledger.database, "submission") as is_ours:
        if not is_ours:
            raise BatchConflict(
                f"another process is submitting batches to the ledger "
                f"{session.ledger.database.shown}; nothing was sent. Run the same command when it "
                "has ended"
            )
        try:
            clerk.finish_intentions()
            clerk.send_all(questions)
        finally:
            interface.close()
    return clerk.done


class _Part:
    """The file of a batch while it is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[tuple[str, str]] = []
        self.reservations: list[Reservation] = []
        self.size_bytes = 0
        self._file = path.open("wb")
        self._digest = sha256()

    def append(self, question: Question, line: bytes, reservation: Reservation) -> None:
        self._file.write(line)
        self._digest.update(line)
        self.rows.append((question.key, question.image_id))
        self.reservations.append(reservation)
        self.size_bytes += len(line)

    def finish(self) -> str:
        """Flush the bytes to disk; return the first digits of their SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()[:_TOKEN_DIGITS]


class _Clerk:
    """One submission to one model."""

    def __init__(
        self,
        interface: BatchInterface,
        stage: str,
        role: str,
        session: Session,
        policy: BatchPolicy,
    ) -> None:
        self.done = Submission()
        self._interface = interface
        self._stage = stage
        self._role = role
        self._session = session
        self._ledger = session.ledger
        self._policy = policy
        self._limit = policy.limit(interface.largest)
        self._last: str | None = None  # the last batch sent; None if the queue refused it

    def finish_intentions(self) -> None:
        """Send or find the batches of an earlier submission; delete files without a batch."""
        before = {batch.token for batch in read_open(self._ledger) if batch.state == "intended"}
        missing = adopt(self._interface, self._ledger)
        opened = {batch.token for batch in read_open(self._ledger) if batch.state == "open"}
        self.done.adopted += len(before & opened)
        for batch in missing:
            path = self._path(batch.token)
            if not path.is_file() or _digest(path) != batch.token.split("-")[0]:
                withdraw(self._ledger, batch.token)
                continue
            reservation = self._session.budget.reserve(batch.stage, batch.bound_nano_usd)
            self._send(batch, [reservation])
            self.done.adopted += 1
        kept = {self._path(batch.token) for batch in read_open(self._ledger)}
        for path in self._policy.folder.glob("*.jsonl*"):
            if path not in kept:
                path.unlink()

    def send_all(self, questions: Iterable[Question]) -> None:
        """Write and send one batch after the other."""
        self._policy.folder.mkdir(parents=True, exist_ok=True)
        chosen = self._choose({question.key: question for question in questions})
        part: _Part | None = None
        with closing(self._encode(chosen)) as lines:
            for count, (question, line, bound) in enumerate(lines):
                if part and self._is_full(part, line):
                    self._close(part)
                    part = None
                    if self._is_queue_full():
                        left_out = self.done.unreadable + self.done.too_large
                        self.done.held_back += len(chosen) - count - left_out
                        return
                try:
                    reservation = self._session.budget.reserve(self._stage, bound)
                except BudgetReached:
                    if part:
                        self._close(part)
                    raise
                if part is None:
                    part = _Part(self._policy.folder / f"part-{os.getpid()}.jsonl.new")
                part.append(question, line, reservation)
        if part:
            self._close(part)

    def _choose(self, questions: dict[str, Question]) -> list[tuple[Question, list[Failure]]]:
        """Return the questions to be sent, with their earlier failures."""
        answered = self._ledger.answered(questions)
        waiting = read_waiting(self._ledger)
        failures = read_failures(self._ledger, self._interface.provider, self._interface.model)
        chosen: list[tuple[Question, list[Failure]]] = []
        for key, question in questions.items():
            earlier = failures.get(key, [])
            if key in answered:
                self.done.answered += 1
            elif key in waiting:
                self.done.waiting += 1
            elif len(earlier) >= self._policy.tries:
                self.done.given_up += 1
            else:
                chosen.append((question, earlier))
        return chosen

    def _encode(
        self, chosen: list[tuple[Question, list[Failure]]]
    ) -> Generator[tuple[Question, bytes, int], None, None]:
        """Yield each question, its line and its bound in nano-USD, in order.

        Requests are built slightly ahead.
        """
        for question, built in _ahead(chosen):
            if built is None:
                self.done.unreadable += 1
                continue
            line = self._interface.encode(question.key, built)
            if len(line) > self._limit.size_bytes:
                self.done.too_large += 1
                continue
            bound = self._session.prices.cost(
                self._interface.provider,
                self._interface.model,
                self._interface.bound_tokens(built),
                is_batch=True,
            )
            yield question, line, bound

    def _is_queue_full(self) -> bool:
        """Return whether the provider refused the last batch, or failed it before it ran."""
        if self._last is None:
            return True
        standing = self._interface.look(self._last)
        return standing.is_not_run

    def _is_full(self, part: _Part, line: bytes) -> bool:
        return (
            len(part.rows) >= self._limit.rows
            or part.size_bytes + len(line) > self._limit.size_bytes
        )

    def _close(self, part: _Part) -> None:
        """Name the complete file, record the intention, and send it."""
        digest = part.finish()
        # The same questions may be sent again after a failure.
        token = f"{digest}-{count_batches(self._ledger, digest) + 1}"
        _publish(part.path, self._path(token))
        batch = Batch(
            token,
            self._interface.provider,
            self._interface.model,
            self._stage,
            self._role,
            len(part.rows),
            part.size_bytes,
            sum(reservation.nano_usd for reservation in part.reservations),
        )
        intend(self._ledger, batch, part.rows)
        self._send(batch, part.reservations)
        if self._last is None:
            self.done.held_back += batch.row_count
        else:
            self.done.batches += 1

    def _send(self, batch: Batch, reservations: list[Reservation]) -> None:
        """Send a batch; one that the provider's full queue refuses is withdrawn."""
        self._last, cost = None, None  # what it costs is billed after this run
        try:
            self._last = self._interface.send(self._path(batch.token), batch.token)
        except RateLimited:
            cost = 0
            withdraw(self._ledger, batch.token)
            return
        except Rejected:  # it was rejected for good
            withdraw(self._ledger, batch.token)
            raise
        finally:
            for reservation in reservations:
                reservation.settle(cost)
        mark_open(self._ledger, batch.token, self._last)
        self.done.submitted += batch.row_count
        self.done.bound_nano_usd += batch.bound_nano_usd

    def _path(self, token: str) -> Path:
        return self._policy.folder / f"{token}.jsonl"


def _ahead(
    chosen: list[tuple[Question, list[Failure]]],
) -> Iterator[tuple[Question, VlmRequest | None]]:
    """Build requests in threads, yield them in order of the questions; None: unreadable image."""
    building: deque[tuple[Question, Future[VlmRequest | None]]] = deque()
    with ThreadPoolExecutor(_BUILDERS, "batch-builder") as pool:
        try:
            for question, failures in chosen:
                building.append((question, pool.submit(_build, question, failures)))
                if len(building) > _AHEAD:
                    first, future = building.popleft()
                    yield first, future.result()
            while building:
                first, future = building.popleft()
                yield first, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _build(question: Question, failures: list[Failure]) -> VlmRequest | None:
    try:
        request = question.build()
    except UnreadablePicture:
        return None
    turns = (
        Turn(failure.reply, failure.complaint)
        for failure in failures
        if failure.reply and failure.complaint
    )
    request = replace(request, turns=tuple(turns))
    is_short = any(failure.reason == NO_ROOM for failure in failures)
    return give_room(request) if is_short else request


def _digest(path: Path) -> str:
    """Return the first digits of the file's SHA-256."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:_TOKEN_DIGITS]


def _publish(new: Path, path: Path) -> None:
    """Rename the file, and flush the name to disk before anything refers to it."""
    new.replace(path)
    flush_folder(path.parent)
