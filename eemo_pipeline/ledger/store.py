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
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eemo_pipeline.lake.data_root import LEDGER_VARIABLE
from eemo_pipeline.ledger.encoding import answer_row, decode_answers, inert
from eemo_pipeline.ledger.interleaving import gather, take_turns
from eemo_pipeline.ledger.usage import NO_WORK, Work

if TYPE_CHECKING:
    from eemo_pipeline.ledger import database as sql

EMBEDDED = "embedded"  # the provider of the models that are computed here and cost nothing
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
Asker = tuple[str, str, str, str]  # stage, role, provider, model


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
class Inquiry:
    """What one model is asked.

    Attributes:
        role: what the model is asked to be: annotator, critic, verifier ...
        model: model and version.
        asks: the questions.
        perform: asks the model; yields each ask with its answer, in any order.
        stage: the stage that asks.
        provider: whom the model belongs to; for one that is paid, how many questions the ledger
            answered is kept beside the costs.
    """

    role: str
    model: str
    asks: Sequence[Ask]
    perform: Callable[[Sequence[Ask]], Iterator[tuple[Ask, Answer]]]
    stage: str = ""
    provider: str = EMBEDDED

    @property
    def asker(self) -> Asker:
        """What its attempts have in common."""
        return self.stage, self.role, self.provider, self.model


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

    def and_for(self, nano_usd: int | None) -> "Spent":
        """With one more call of that cost."""
        return Spent(self.calls + 1, self.nano_usd + (nano_usd or 0))

    def since(self, earlier: "Spent") -> "Spent":
        """What was spent after `earlier`."""
        return Spent(self.calls - earlier.calls, self.nano_usd - earlier.nano_usd)


@dataclass(frozen=True)
class Answers:
    """The answers in the order of the asks, and what answering took."""

    values: list[Answer]
    work: Work = NO_WORK


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
        self._spent: defaultdict[Asker, Spent] = defaultdict(Spent)
        self._passes: dict[Asker, tuple[int, int]] = {}

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
                answer_row(ask.key(role, model), role, model, ask.image_id, answer, stage, EMBEDDED)
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
        askers = {attempt.key: (attempt.stage, attempt.provider) for attempt in attempts}
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"recorded_at": now, "run_id": self._run_id}
        written = self.database.write(
            [asdict(attempt) | told | {"reason": inert(attempt.reason)} for attempt in attempts],
            [
                answer_row(*row, *askers.get(row[0], ("", EMBEDDED)))
                for row in answers
                if row[4]["status"] != "error"
            ],
            endings=endings,
        )
        with self._guard:
            for row in written:
                asker = row["stage"], row["role"], row["provider"], row["model"]
                self._spent[asker] = self._spent[asker].and_for(row["nano_usd"])

    def spent(self) -> Spent:
        """What was recorded since this ledger was opened."""
        with self._guard:
            every = list(self._spent.values())
        return Spent(sum(part.calls for part in every), sum(part.nano_usd for part in every))

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
        """Answer what one model is asked; see `Inquiry` and `answer_each`."""
        (answers,) = self.answer_each([Inquiry(role, model, asks, perform, stage, provider)])
        return answers

    def answer_each(self, inquiries: Sequence[Inquiry]) -> list[Answers]:
        """Answer every ask, performing only those that the ledger does not hold.

        The models are at work at the same time. What a `perform` has not recorded itself is stored
        here soon after it came, also where one of them ends with an error. An answer with status
        "error" is returned but not stored, for a rerun may cure it.

        Args:
            inquiries: no two of the same stage, role, provider and model.

        Raises:
            LookupError: a `perform` left an ask unanswered.
        """
        parts = [self._look_up(inquiry) for inquiry in inquiries]
        performed = [
            gather(part.inquiry.perform(list(part.missing.values())) if part.missing else iter(()))
            for part in parts
        ]
        for place, batch in take_turns(performed):
            parts[place].found.update(self._keep(inquiries[place], batch))
        for part in parts:
            _require_answers(part)
        return [self._sum_up(part) for part in parts]

    def _look_up(self, inquiry: Inquiry) -> "_Part":
        keys = [ask.key(inquiry.role, inquiry.model) for ask in inquiry.asks]
        found = self.find(keys)
        missing = {
            key: ask for key, ask in zip(keys, inquiry.asks, strict=True) if key not in found
        }
        if inquiry.provider != EMBEDDED:
            self._count_pass(inquiry.asker, len(missing), len(found))
        with self._guard:
            return _Part(inquiry, keys, found, missing, self._spent[inquiry.asker])

    def _sum_up(self, part: "_Part") -> Answers:
        with self._guard:
            spent = self._spent[part.inquiry.asker].since(part.spent)
        values = [part.found[key] for key in part.keys]
        reused = len(values) - len(part.missing)
        cached = 0 if part.inquiry.provider == EMBEDDED else reused
        return Answers(values, Work(len(part.missing), reused, spent.calls, spent.usd, cached))

    def _keep(self, inquiry: Inquiry, batch: Sequence[tuple[Ask, Answer]]) -> dict[str, Answer]:
        """Store what is not stored yet; key -> answer."""
        named = {ask.key(inquiry.role, inquiry.model): (ask, answer) for ask, answer in batch}
        stored = self.database.find_keys(list(named))
        new = [pair for key, pair in named.items() if key not in stored]
        self.store(inquiry.role, inquiry.model, new, stage=inquiry.stage)
        return {key: answer for key, (_, answer) in named.items()}

    def _count_pass(self, asker: Asker, asked: int, found: int) -> None:
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


@dataclass(frozen=True)
class _Part:
    """An inquiry at work.

    Attributes:
        inquiry: what is asked.
        keys: of all asks, in their order.
        found: the answers so far, by key.
        missing: the asks that the ledger had no answer to, by key.
        spent: what its asker had spent before.
    """

    inquiry: Inquiry
    keys: list[str]
    found: dict[str, Answer]
    missing: dict[str, Ask]
    spent: Spent


def _require_answers(part: _Part) -> None:
    """Reconcile what was asked with what was answered."""
    unanswered = [key for key in part.missing if key not in part.found]
    if unanswered:
        raise LookupError(
            f"{len(unanswered)} of {len(part.missing)} questions have no answer: the model "
            f"{part.inquiry.model} in the role {part.inquiry.role} ended without one, first about "
            f"picture {part.missing[unanswered[0]].image_id}. What it did answer is in the ledger: "
            "run again, and only the rest is asked. Where that does not help, the part that asks "
            "the model leaves asks out"
        )
