"""The durable store of model answers: each answer is computed, and paid for, once.

Defines the key of an answer, and finds and records answers, attempts and known files. SQL is in
`database.py`; `answering.py` calls the models for missing answers.

The key of an answer is a hash of everything that determines it: role, model and version,
parameters, instruction, round and image content. An answer is on disk before it is used, so that
`kill -9` loses only the answers in flight. Every attempt at a provider is a row with its outcome,
tokens, latency and cost, whether it succeeded or not. A failure is never stored as an answer. A
call is a row before it is sent; the row of its attempt replaces it, so what is left of such rows
was sent, may be billed, and has no known end.
"""

import json
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eemo_pipeline.lake.data_root import LEDGER_VARIABLE
from eemo_pipeline.ledger.encoding import answer_row, decode_answers, inert

if TYPE_CHECKING:
    from eemo_pipeline.ledger import database as sql

EMBEDDED = "embedded"  # the provider of models that run locally at no cost
_NANO_PER_USD = 1_000_000_000

AttemptOutcome = Literal[
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
    """One question to one model about one image.

    Attributes:
        image_id: the image, by content.
        payload: additional input of the model function, e.g. the path; not part of the key.
        parameters: everything else that determines the answer; JSON values only.
    """

    image_id: str
    payload: Any = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def key(self, role: str, model: str) -> str:
        """Return the SHA-256 over role, model, image and parameters."""
        determined = [role, model, self.image_id, dict(self.parameters)]
        return sha256(json.dumps(determined, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Attempt:
    """One call of a provider, with any outcome.

    Attributes:
        key: the question's key, from `Ask.key`.
        stage: the stage that sent the question.
        role: the model's role: annotator, critic, verifier ...
        provider: the provider that bills the call.
        model: the requested model and version.
        image_id: the image, by content.
        outcome: the result of the call; only `ok` and `refused` come with an answer.
        reason: the error as a code or text; None if there was no error.
        input_tokens: billed tokens of the request, images included; None if unknown.
        output_tokens: billed tokens of the reply, reasoning included; None if unknown.
        cached_tokens: the part of `input_tokens` that the provider had cached; None if unknown.
        nano_usd: the exact cost in nano-USD; an upper bound if the reply reports no token counts;
            None if unknown.
        bound_nano_usd: the upper bound of a cost that is unknown; None if it is known.
        latency_ms: from sending the request to the end of the reply.
        is_batch: whether the call went through the provider's batch API.
        said: the server's message, without secrets, if there was no answer.
    """

    key: str
    stage: str
    role: str
    provider: str
    model: str
    image_id: str
    outcome: AttemptOutcome
    reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    nano_usd: int | None = None
    latency_ms: int = 0
    is_batch: bool = False
    said: str | None = None
    bound_nano_usd: int | None = None


@dataclass(frozen=True)
class SentCall:
    """A call of a provider that is sent, or is about to be, and has not ended.

    Attributes:
        call_id: a random number of 63 bits.
        key: the question's key, from `Ask.key`.
        stage: the stage that sends the question.
        role: the model's role.
        provider: the provider that bills the call.
        model: the requested model and version.
        image_id: the image, by content.
        bound_nano_usd: the upper bound of its cost, in nano-USD.
    """

    call_id: int
    key: str
    stage: str
    role: str
    provider: str
    model: str
    image_id: str
    bound_nano_usd: int


@dataclass(frozen=True)
class Spent:
    """The number of provider calls and their known cost in nano-USD."""

    calls: int = 0
    nano_usd: int = 0

    @property
    def usd(self) -> float:
        """The cost in USD."""
        return self.nano_usd / _NANO_PER_USD

    def and_for(self, nano_usd: int | None) -> "Spent":
        """Return the sum with one more call of that cost; None counts as 0."""
        return Spent(self.calls + 1, self.nano_usd + (nano_usd or 0))

    def since(self, earlier: "Spent") -> "Spent":
        """Return the difference to an earlier state."""
        return Spent(self.calls - earlier.calls, self.nano_usd - earlier.nano_usd)


@dataclass(frozen=True)
class FileStamp:
    """Path, size and modification time of a file; if they are unchanged, it is not hashed again."""

    path: str
    size_bytes: int
    modified_ns: int


class Ledger:
    """Answers, attempts and known files, in SQLite or PostgreSQL. Thread-safe."""

    def __init__(self, place: Path | str, run_id: str = "") -> None:
        """Open the ledger, creating the file and the tables if they are missing.

        Args:
            place: a file for SQLite, or a URL such as postgresql://user:password@host/database.
            run_id: the current run; stored with its attempts.

        Raises:
            LedgerProblem: the ledger cannot be opened.
        """
        from eemo_pipeline.ledger.database import Database  # importing SQLAlchemy is slow

        self.database: sql.Database = Database(place)
        self._run_id = run_id
        self._guard = threading.Lock()
        self._spent: defaultdict[Asker, Spent] = defaultdict(Spent)
        self._passes: dict[Asker, tuple[int, int]] = {}

    def close(self) -> None:
        """Close the ledger; it cannot be used afterwards."""
        self.database.close()

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Return key -> answer of those `keys` that have a stored answer."""
        return decode_answers(self.database.find_answers(keys))

    def answered(self, keys: Iterable[str]) -> set[str]:
        """Return the subset of `keys` that have a stored answer."""
        return self.database.find_keys(keys)

    def has_reply_of(self, provider: str, model: str) -> bool:
        """Return whether the model has ever answered or refused a question."""
        return self.database.has_outcome(provider, model, ("ok", "refused"))

    def store(
        self, role: str, model: str, answers: Iterable[tuple[Ask, Answer]], *, stage: str = ""
    ) -> None:
        """Write answers of embedded models in one transaction.

        Existing answers are kept. Answers with status "error" are skipped.
        """
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
        *,
        sent: Sequence[SentCall] = (),
        ended: Sequence[int] = (),
    ) -> None:
        """Write calls, attempts and answers in one durable transaction; return when on disk.

        Args:
            attempts: in the order in which they ended.
            answers: (key, role, model, image_id, answer). Answers with status "error" are skipped.
                Existing answers are kept. Stage and provider are those of the attempt with the
                same key.
            endings: final outcomes of rows of one batch, as columns (see `batches.py`). If a row
                already has an outcome, the attempt and the answer of its key are skipped.
            sent: calls that may be sent from now on.
            ended: call_ids of such calls that have ended, or were not sent after all.
        """
        askers = {attempt.key: (attempt.stage, attempt.provider) for attempt in attempts}
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"recorded_at": now, "run_id": self._run_id}
        written = self.database.write(
            [_attempt_row(attempt) | told for attempt in attempts],
            [
                answer_row(*row, *askers.get(row[0], ("", EMBEDDED)))
                for row in answers
                if row[4]["status"] != "error"
            ],
            endings=endings,
            sent=[vars(call) | told for call in sent],
            ended=ended,
        )
        with self._guard:
            for row in written:
                asker = row["stage"], row["role"], row["provider"], row["model"]
                self._spent[asker] = self._spent[asker].and_for(row["nano_usd"])

    def spent(self) -> Spent:
        """Return the calls and cost recorded since this ledger was opened."""
        with self._guard:
            every = list(self._spent.values())
        return Spent(sum(part.calls for part in every), sum(part.nano_usd for part in every))

    def spent_by(self, asker: Asker) -> Spent:
        """Return the calls and cost of one asker recorded since this ledger was opened."""
        with self._guard:
            return self._spent.get(asker, Spent())

    def count_pass(self, asker: Asker, asked: int, found: int) -> None:
        """Add to the asker's cache misses and hits since this ledger was opened; store the sums.

        A stage may send questions in several rounds, which together form one pass. The pass of
        the next run replaces it.

        Args:
            asker: stage, role, provider and model.
            asked: cache misses.
            found: cache hits.
        """
        with self._guard:
            earlier = self._passes.get(asker, (0, 0))
            self._passes[asker] = (earlier[0] + asked, earlier[1] + found)
            asked, found = self._passes[asker]
        names = dict(zip(("stage", "role", "provider", "model"), asker, strict=True))
        self.database.write(passes=[{**names, "asked": asked, "found": found}])

    def known_images(self, root: Path, stamps: Sequence[FileStamp]) -> dict[str, str]:
        """Return path -> image_id of the files under `root` with unchanged size and time."""
        seen = {row[0]: tuple(row[1:]) for row in self.database.read_files(str(root))}
        return {
            stamp.path: seen[stamp.path][2]
            for stamp in stamps
            if stamp.path in seen and seen[stamp.path][:2] == (stamp.size_bytes, stamp.modified_ns)
        }

    def remember_images(self, root: Path, images: Iterable[tuple[FileStamp, str]]) -> None:
        """Store the stamp and the image_id of files under `root`."""
        self.database.write(
            files=[{"root": str(root), **asdict(s), "image_id": image} for s, image in images]
        )


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    # `asdict` copies every value, which took as long as writing the row.
    return vars(attempt) | {"reason": inert(attempt.reason), "said": inert(attempt.said)}


def open_ledger(file: Path, run_id: str = "") -> Ledger:
    """Open the ledger at EEMO_LEDGER_URL if that is set, else in `file`.

    Raises:
        LedgerProblem: the ledger cannot be opened.
    """
    return Ledger(os.environ.get(LEDGER_VARIABLE) or file, run_id)
