"""The durable store of answers: what a model said about a picture is computed, and paid, once.

Belongs here: the key that names an answer, finding and recording answers, attempts and known files.
Does not belong here: asking for what is missing (`answering.py`), SQL (`database.py`), sums over
the ledger's whole life (`accounts.py`).

An answer is keyed by the hash of all that determines it (role, model and version, parameters,
instruction, round, the picture's content) and is on disk before it is used, so that `kill -9`
loses at most the answers in flight. Every attempt at a provider is a row with its outcome, tokens,
latency and cost, whether it brought an answer or not; a failure is never stored as an answer.
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

EMBEDDED = "embedded"  # the provider of the models that are computed here and cost nothing
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
        nano_usd: the cost, exact; the upper bound where a reply names no tokens, and None where it
            is not known.
        latency_ms: from sending to the end of the reply.
        is_batch: whether it went through the provider's batch interface.
        said: the server's words where no answer came, without secrets.
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

    def answered(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` that have a stored answer."""
        return self.database.find_keys(keys)

    def has_reply_of(self, provider: str, model: str) -> bool:
        """Whether the model has ever answered or refused a question."""
        return self.database.has_outcome(provider, model, ("ok", "refused"))

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
            [_attempt_row(attempt) | told for attempt in attempts],
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

    def spent_by(self, asker: Asker) -> Spent:
        """What was recorded of one asker since this ledger was opened."""
        with self._guard:
            return self._spent.get(asker, Spent())

    def count_pass(self, asker: Asker, asked: int, found: int) -> None:
        """Add to what was asked and found since this ledger was opened, and store the sum.

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


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    return asdict(attempt) | {"reason": inert(attempt.reason), "said": inert(attempt.said)}


def open_ledger(file: Path, run_id: str = "") -> Ledger:
    """The ledger in the database that EEMO_LEDGER_URL names, else in `file`.

    Raises:
        LedgerProblem: it cannot be opened.
    """
    return Ledger(os.environ.get(LEDGER_VARIABLE) or file, run_id)
