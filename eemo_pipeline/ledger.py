"""The durable store of answers: what a model said about a picture is computed, and paid, once.

Belongs here: the key that names an answer, the store, and asking only for what is not in it.
Does not belong here: any model. An answer is keyed by the hash of all that determines it (role,
model and version, parameters, instruction, round, the picture's content) and is on disk before
it is used, so that `kill -9` loses at most the answers in flight.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

_SCHEMA = """
create table if not exists answers (
    key text primary key, role text not null, model text not null, image_id text not null,
    answer text not null
) without rowid;
create table if not exists files (
    root text not null, path text not null, size_bytes integer not null,
    modified_ns integer not null, image_id text not null, primary key (root, path)
) without rowid;
"""
_AT_ONCE = 500  # keys per query (SQLite's limit is far higher) and answers per transaction


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
class Answers:
    """The answers in the order of the asks, and how many of them were new."""

    values: list[dict[str, Any]]
    asked: int

    @property
    def reused(self) -> int:
        """How many came from the ledger."""
        return len(self.values) - self.asked


@dataclass(frozen=True)
class AnsweredTable:
    """A table made of answers, how many of them were new, and how many the ledger held."""

    frame: pl.DataFrame
    asked: int
    reused: int


@dataclass(frozen=True)
class FileStamp:
    """What tells whether a file is the one that was hashed before."""

    path: str
    size_bytes: int
    modified_ns: int


class Ledger:
    """An SQLite file in WAL mode; one writer, any number of readers."""

    def __init__(self, path: Path) -> None:
        """Open the ledger, creating file and tables where there are none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; the ledger is not usable afterwards."""
        self._connection.close()

    def find(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The stored answers among `keys`."""
        found: dict[str, dict[str, Any]] = {}
        for chunk in _chunks(keys):
            marks = ",".join("?" * len(chunk))
            query = f"select key, answer from answers where key in ({marks})"  # noqa: S608 (marks)
            found.update(
                (key, json.loads(answer)) for key, answer in self._connection.execute(query, chunk)
            )
        return found

    def store(self, role: str, model: str, answers: Iterable[tuple[Ask, dict[str, Any]]]) -> None:
        """Write answers in one transaction; an answer that is there already stays."""
        with self._connection:
            self._connection.executemany(
                "insert or ignore into answers values (?, ?, ?, ?, ?)",
                (
                    (ask.key(role, model), role, model, ask.image_id, json.dumps(answer))
                    for ask, answer in answers
                ),
            )

    def answer_all(
        self,
        role: str,
        model: str,
        asks: Sequence[Ask],
        perform: Callable[[Sequence[Ask]], Iterator[tuple[Ask, dict[str, Any]]]],
    ) -> Answers:
        """Answer every ask, performing only those that the ledger does not hold.

        `perform` yields each ask with its answer, in any order. Every answer is stored before it
        is returned, at the latest when `_AT_ONCE` of them are waiting; an answer with status
        "error" is returned but not stored, for a rerun may cure it.

        Raises:
            LookupError: `perform` left an ask unanswered.
        """
        keys = [ask.key(role, model) for ask in asks]
        found = self.find(keys)
        open_asks = {key: ask for key, ask in zip(keys, asks, strict=True) if key not in found}
        performed = iter(perform(list(open_asks.values()))) if open_asks else iter(())
        while batch := list(islice(performed, _AT_ONCE)):
            self.store(role, model, [pair for pair in batch if pair[1]["status"] != "error"])
            found.update((ask.key(role, model), answer) for ask, answer in batch)
        unanswered = [key for key in open_asks if key not in found]
        if unanswered:
            raise LookupError(
                f"{role} {model} left {len(unanswered)} of {len(open_asks)} questions without an "
                f"answer, the first about picture {open_asks[unanswered[0]].image_id}"
            )
        return Answers([found[key] for key in keys], len(open_asks))

    def known_images(self, root: Path, stamps: Sequence[FileStamp]) -> dict[str, str]:
        """path -> image_id of the files under `root` whose size and time are as last seen."""
        rows = self._connection.execute(
            "select path, size_bytes, modified_ns, image_id from files where root = ?", (str(root),)
        )
        seen = {row[0]: row[1:] for row in rows}
        return {
            stamp.path: seen[stamp.path][2]
            for stamp in stamps
            if stamp.path in seen and seen[stamp.path][:2] == (stamp.size_bytes, stamp.modified_ns)
        }

    def remember_images(self, root: Path, images: Iterable[tuple[FileStamp, str]]) -> None:
        """Store which content each file under `root` has."""
        with self._connection:
            self._connection.executemany(
                "insert or replace into files values (?, ?, ?, ?, ?)",
                ((str(root), s.path, s.size_bytes, s.modified_ns, image) for s, image in images),
            )


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]
