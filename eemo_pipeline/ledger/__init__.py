"""The durable store of answers: what a model said about a picture is computed, and paid, once.

Belongs here: the key that names an answer, the store, and asking only for what is not in it.
Does not belong here: any model, SQL (`database.py`), sums over what was spent (`accounts.py`).

An answer is keyed by the hash of all that determines it (role, model and version, parameters,
instruction, round, the picture's content) and is on disk before it is used, so that `kill -9`
loses at most the answers in flight. Every attempt at a provider is a row with its outcome, tokens,
latency and cost, whether it brought an answer or not; a failure is never stored as an answer.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from eemo_pipeline.data_root import LEDGER_VARIABLE
from eemo_pipeline.ledger.encoding import decode_answers, inert

if TYPE_CHECKING:
    from eemo_pipeline.ledger import database as sql

EMBEDDED = "embedded"  # the provider of the models that are computed here and cost nothing
_AT_ONCE = 500  # answers per transaction
_LONGEST_WAIT_S = 1.0  # after which answers are written though they are fewer
_NANO_PER_USD = 1_000_000_000

Outcome = Literal[
    "ok",
    "refused",
    "malformed",
    "rate_limited",
    "transient",
    "timed_out",
    "rejected",
    "credential",
    "cancelled",
]
Answer = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """One question to one model about one picture.

    Attributes:
        image_id: the picture, by content.
        payload: what the model's function needs besides, e.g. the path; not part of the key.
        parameters: everything else that determines the answer; JSON values only.
    """

    image_id: str
    payload: Any = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def key(self, role: str, model: str) -> str:
        """SHA-256 over role, model, picture and parameters."""
        determined = [role, model, self.image_id, dict(self.parameters)]
        return sha256(json.dumps(determined, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Attempt:
    """One call of a provider, however it ended.

    Attributes:
        key: the question, as `Ask.key` names it.
        stage: the stage that asked.
        role: what the model was asked to be: annotator, critic, verifier ...
        provider: whom the money goes to.
        model: model and version that were asked for.
        image_id: the picture, by content.
        outcome: how it ended; only `ok` and `refused` come with an answer.
        reason: code or words for what went wrong, None where nothing did.
        input_tokens: billed tokens of the request, pictures included; None where not known.
        output_tokens: billed tokens of the reply, reasoning included.
        cached_tokens: the part of `input_tokens` that the provider had cached.
        nano_usd: the cost, exact; None where it is not known.
        latency_ms: from sending to the end of the reply.
        is_batch: whether it went through the provider's batch interface.
    """

    key: str
    stage: str
    role: str
    provider: str
    model: str
    image_id: str
    outcome: Outcome
    reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    nano_usd: int | None = None
    latency_ms: int = 0
    is_batch: bool = False


@dataclass(frozen=True)
class Spent:
    """Calls of providers, and what they cost as far as that is known."""

    calls: int = 0
    nano_usd: int = 0

    @property
    def usd(self) -> float:
        """The cost in USD."""
        return self.nano_usd / _NANO_PER_USD

    def since(self, earlier: "Spent") -> "Spent":
        """What was spent after `earlier`."""
        return Spent(self.calls - earlier.calls, self.nano_usd - earlier.nano_usd)


@dataclass(frozen=True)
class Answers:
    """The answers in the order of the asks, how many of them were new, and what they cost."""

    values: list[Answer]
    asked: int
    calls: int = 0
    usd: float = 0.0

    @property
    def reused(self) -> int:
        """How many came from the ledger."""
        return len(self.values) - self.asked


@dataclass(frozen=True)
class AnsweredTable:
    """A table made of answers: how many were new, how many the ledger held, and the cost.

    `cached` are those that the ledger held and a provider had been paid for.
    """

    frame: pl.DataFrame
    asked: int
    reused: int
    calls: int = 0
    usd: float = 0.0
    cached: int = 0


@dataclass(frozen=True)
class FileStamp:
    """What tells whether a file is the one that was hashed before."""

    path: str
    size_bytes: int
    modified_ns: int


class Ledger:
    """Answers, attempts and known files, in SQLite or PostgreSQL. Thread-safe."""

    def __init__(self, place: Path | str, run_id: str = "") -> None:
        """Open the ledger, creating file and tables where there are none.

        Args:
            place: a file for SQLite, or an URL such as postgresql://user:password@host/database.
            run_id: the run that asks; it stands beside its attempts.

        Raises:
            LedgerProblem: the ledger cannot be opened.
        """
        from eemo_pipeline.ledger.database import Database  # SQLAlchemy takes its time

        self.database: sql.Database = Database(place)
        self._run_id = run_id
        self._guard = threading.Lock()
        self._spent = Spent()
        self._passes: dict[tuple[str, str, str, str], tuple[int, int]] = {}

    def close(self) -> None:
        """Close the ledger; it is not usable afterwards."""
        self.database.close()

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """The stored answers among `keys`."""
        return decode_answers(self.database.find_answers(keys))

    def store(
        self, role: str, model: str, answers: Iterable[tuple[Ask, Answer]], *, stage: str = ""
    ) -> None:
        """Write answers that cost nothing, in one transaction; one that is there stays."""
        self.database.write(
            answers=[
                _answer_row(ask.key(role, model), role, model, ask.image_id, answer, stage)
                for ask, answer in answers
                if answer["status"] != "error"
            ]
        )

    def record(
        self,
        attempts: Sequence[Attempt],
        answers: Sequence[tuple[str, str, str, str, Answer]] = (),
        endings: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Write attempts, and the answers they brought, in one durable transaction.

        It returns when they are on disk.

        Args:
            attempts: in the order in which they ended.
            answers: (key, role, model, image_id, answer); those with status "error" are left out,
                and where the ledger holds the key already its answer stays. Stage and provider
                are those of the attempt with the same key.
            endings: what became of the rows of one batch, as `batches.py` writes it; what a row
                that has its ending brings once more is left out.
        """
        asked = {attempt.key: attempt for attempt in attempts}
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"recorded_at": now, "run_id": self._run_id}
        written = self.database.write(
            [asdict(attempt) | told | {"reason": inert(attempt.reason)} for attempt in attempts],
            [
                _answer_row(*row, *_asker(asked.get(row[0])))
                for row in answers
                if row[4]["status"] != "error"
            ],
            endings=endings,
        )
        cost = sum(row["nano_usd"] or 0 for row in written)
        with self._guard:
            spent = self._spent
            self._spent = Spent(spent.calls + len(written), spent.nano_usd + cost)

    def spent(self) -> Spent:
        """What was recorded since this ledger was opened."""
        with self._guard:
            return self._spent

    def answer_all(
        self,
        role: str,
        model: str,
        asks: Sequence[Ask],
        perform: Callable[[Sequence[Ask]], Iterator[tuple[Ask, Answer]]],
        *,
        stage: str = "",
        provider: str = EMBEDDED,
    ) -> Answers:
        """Answer every ask, performing only those that the ledger does not hold.

        `perform` yields each ask with its answer, in any order. What it has not recorded itself is
        stored here, at the latest when `_AT_ONCE` answers or `_LONGEST_WAIT_S` have gathered, also
        where `perform` ends with an error. An answer with status "error" is returned but not
        stored, for a rerun may cure it.

        Args:
            role: what the model is asked to be.
            model: model and version.
            asks: the questions.
            perform: asks the model.
            stage: the stage that asks.
            provider: whom the model belongs to; for one that is paid, how many questions the
                ledger answered is kept beside the costs.

        Raises:
            LookupError: `perform` left an ask unanswered.
        """
        keys = [ask.key(role, model) for ask in asks]
        found = self.find(keys)
        open_asks = {key: ask for key, ask in zip(keys, asks, strict=True) if key not in found}
        before = self.spent()
        if provider != EMBEDDED:
            self._count_pass((stage, role, provider, model), len(open_asks), len(found))
        performed = perform(list(open_asks.values())) if open_asks else iter(())
        for batch in _gather(performed):
            named = {ask.key(role, model): (ask, answer) for ask, answer in batch}
            stored = self.database.find_keys(list(named))
            self.store(
                role, model, [pair for key, pair in named.items() if key not in stored], stage=stage
            )
            found.update((key, answer) for key, (_, answer) in named.items())
        _require_answers(role, model, open_asks, found)
        spent = self.spent().since(before)
        return Answers([found[key] for key in keys], len(open_asks), spent.calls, spent.usd)

    def _count_pass(self, asker: tuple[str, str, str, str], asked: int, found: int) -> None:
        """Add to what was asked and found since this ledger was opened, and keep the sum.

        A stage may ask in several rounds; together they are one pass, and the next run's pass
        replaces it.
        """
        with self._guard:
            earlier = self._passes.get(asker, (0, 0))
            self._passes[asker] = (earlier[0] + asked, earlier[1] + found)
            asked, found = self._passes[asker]
        names = dict(zip(("stage", "role", "provider", "model"), asker, strict=True))
        self.database.write(passes=[{**names, "asked": asked, "found": found}])

    def known_images(self, root: Path, stamps: Sequence[FileStamp]) -> dict[str, str]:
        """path -> image_id of the files under `root` whose size and time are as last seen."""
        seen = {row[0]: tuple(row[1:]) for row in self.database.read_files(str(root))}
        return {
            stamp.path: seen[stamp.path][2]
            for stamp in stamps
            if stamp.path in seen and seen[stamp.path][:2] == (stamp.size_bytes, stamp.modified_ns)
        }

    def remember_images(self, root: Path, images: Iterable[tuple[FileStamp, str]]) -> None:
        """Store which content each file under `root` has."""
        self.database.write(
            files=[{"root": str(root), **asdict(s), "image_id": image} for s, image in images]
        )


def open_ledger(file: Path, run_id: str = "") -> Ledger:
    """The ledger in the database that EEMO_LEDGER_URL names, else in `file`.

    Raises:
        LedgerProblem: it cannot be opened.
    """
    return Ledger(os.environ.get(LEDGER_VARIABLE) or file, run_id)


def _answer_row(
    key: str,
    role: str,
    model: str,
    image_id: str,
    answer: Answer,
    stage: str = "",
    provider: str = EMBEDDED,
) -> dict[str, str]:
    return {
        "key": key,
        "role": role,
        "model": model,
        "image_id": image_id,
        "answer": json.dumps(answer),
        "stage": stage,
        "provider": provider,
    }


def _asker(attempt: Attempt | None) -> tuple[str, str]:
    return ("", EMBEDDED) if attempt is None else (attempt.stage, attempt.provider)


def _gather(performed: Iterator[tuple[Ask, Answer]]) -> Iterator[list[tuple[Ask, Answer]]]:
    """What was performed, in batches; where it ends with an error, first what came before."""
    batch: list[tuple[Ask, Answer]] = []
    began = time.monotonic()
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


def _require_answers(
    role: str, model: str, open_asks: Mapping[str, Ask], found: Mapping[str, Answer]
) -> None:
    """Reconcile what was asked with what was answered."""
    unanswered = [key for key in open_asks if key not in found]
    if unanswered:
        raise LookupError(
            f"{len(unanswered)} of {len(open_asks)} questions have no answer: the model {model} in "
            f"the role {role} ended without one, first about picture "
            f"{open_asks[unanswered[0]].image_id}. What it did answer is in the ledger: run again, "
            "and only the rest is asked. Where that does not help, the part that asks the model "
            "leaves asks out"
        )
