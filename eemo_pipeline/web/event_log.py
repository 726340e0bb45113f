"""The append-only log of what people did: a chain of hashes, in which no row can be changed unseen.

Every event holds the hash of the one before it and of its own content. `verify` recomputes the
chain and names the first event that does not fit.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web.database import EVENTS

GENESIS = "0" * 64
_NAMES = tuple(column.name for column in EVENTS.c)
_HASHED = tuple(name for name in _NAMES if name != "hash")
_APPEND = EVENTS.insert()
_LAST = sa.select(EVENTS.c.seq, EVENTS.c.hash).order_by(EVENTS.c.seq.desc()).limit(1)
_STORED = sa.select(EVENTS.c.event_id, EVENTS.c.seq).where(
    EVENTS.c.event_id.in_(sa.bindparam("event_ids", expanding=True))
)


@dataclass(frozen=True)
class Broken:
    """The first event at which the chain does not hold.

    Attributes:
        seq: its number.
        why: what does not fit.
    """

    seq: int
    why: str


def canonical(value: object) -> str:
    """Return a value as JSON with one spelling: sorted names, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_event(event: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an event's content, its number and the hash before it included."""
    content = canonical({name: event[name] for name in _HASHED})
    return hashlib.sha256(content.encode()).hexdigest()


def append(connection: sa.Connection, event: Mapping[str, Any]) -> int:
    """Store an event at the end of the chain, in the caller's transaction; return its number.

    Args:
        connection: a write transaction.
        event: the columns of `events` without seq and the hashes; missing ones are null.
    """
    end, previous = find_end(connection)
    seq = end + 1
    row = {name: event.get(name) for name in _NAMES}
    row |= {"seq": seq, "previous_hash": previous}
    connection.execute(_APPEND, row | {"hash": hash_event(row)})
    return seq


def find_stored(connection: sa.Connection, event_ids: list[str]) -> dict[str, int]:
    """Return event_id -> number of the events that are stored already."""
    found = connection.execute(_STORED, {"event_ids": event_ids})
    return {row.event_id: row.seq for row in found}


def read_events(connection: sa.Connection, after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the events after number `after`, in order."""
    query = sa.select(EVENTS).where(EVENTS.c.seq > after).order_by(EVENTS.c.seq)
    # The option is the statement's: on the connection, PostgreSQL would open a cursor for writes.
    for row in connection.execute(query, execution_options={"yield_per": 5_000}).mappings():
        yield dict(row)


def find_end(connection: sa.Connection) -> tuple[int, str]:
    """Return the number and the hash of the last event; 0 and `GENESIS` before the first."""
    last = connection.execute(_LAST).first()
    return (last.seq, last.hash) if last else (0, GENESIS)


def verify(connection: sa.Connection) -> Broken | None:
    """Return the first event at which the chain is broken, or None."""
    previous, expected = GENESIS, 1
    for event in read_events(connection):
        if event["seq"] != expected:
            return Broken(expected, f"event {expected} is missing")
        if event["previous_hash"] != previous:
            return Broken(event["seq"], "it does not follow the event before it")
        if hash_event(event) != event["hash"]:
            return Broken(event["seq"], "its content is not what was stored")
        previous, expected = event["hash"], expected + 1
    return None
