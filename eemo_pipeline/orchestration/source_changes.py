"""Which sources changed on disk since the last look, found within a time limit.

Names, sizes and times of a source's files are compared at every look: at the first one with those
at which ingest last read the source, then with those of the look before. Where those differ, the
contents decide, so that a copy or a touch alone is no change. Hashing the contents of a large
source takes longer than one look may: it stops at the limit and is continued at the next look.
All that is remembered is in one JSON text, the cursor of the sensor `changed_sources`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from eemo_pipeline.readers.contract import Listing
from eemo_pipeline.readers.listing import fingerprint, list_files

_BLOCK_BYTES = 8 * 2**20


@dataclass(frozen=True)
class SourceLook:
    """The result of one look at the sources.

    Attributes:
        cursor: what the next look must be given.
        changed: sources whose contents differ from those remembered.
        first_seen: unchanged sources that were remembered for the first time.
        pending: sources without a result yet, for lack of time.
    """

    cursor: str
    changed: list[str]
    first_seen: list[str]
    pending: list[str]

    @property
    def summary(self) -> str:
        """Why nothing is run, in words."""
        parts = [
            f"{text}: {', '.join(names)}."
            for text, names in (
                ("Remembered as they are, at their first look", self.first_seen),
                ("Continued at the next look, as the time was up", self.pending),
            )
            if names
        ]
        return " ".join(parts) or "Nothing changed."


class _PartialHash(BaseModel):
    """The hash of a folder's contents up to a byte of one of its files.

    Attributes:
        stamp: fingerprint of the names, sizes and times of the files that are hashed.
        digest: hash of all before.
        file_no: the file to go on with, in the order of the listing.
        offset: the byte of that file to go on with.
    """

    stamp: str
    digest: str = ""
    file_no: int = Field(default=0, ge=0)
    offset: int = Field(default=0, ge=0)


class _Remembered(BaseModel):
    """One source as it was when its contents were last known, and the hash under way."""

    stamp: str | None = None
    content: str | None = None
    hashing: _PartialHash | None = None


class _Cursor(BaseModel):
    """Every source as remembered, and the source that the next look begins with."""

    sources: dict[str, _Remembered] = {}
    begin_with: str | None = None


def look_at_sources(
    sources_dir: Path,
    names: Sequence[str],
    cursor: str | None,
    limit_s: float,
    read: Mapping[str, str],
) -> SourceLook:
    """Compare the folders of the sources with what the cursor remembers of them.

    A source that the cursor lacks has changed unless its files are those that ingest last read, or
    it has none and was never read. A source whose folder is missing
    counts as one without files. A cursor that cannot be read, as one of another version, is
    discarded: every source is then seen for the first time.

    Args:
        sources_dir: the folder with one folder per source.
        names: the sources to look at; others are forgotten.
        cursor: of the look before, None at the first.
        limit_s: seconds after which no more is begun. However short it is, one source is listed
            and one block of 8 MiB is hashed, so that repeated looks come to an end.
        read: source -> fingerprint of its files when ingest last read them; none if it never did.
    """
    before = _read_cursor(cursor)
    after = {name: before.sources[name] for name in names if name in before.sources}
    changed: list[str] = []
    first_seen: list[str] = []
    pending: list[str] = []
    deadline = time.monotonic() + limit_s
    order = _rotate(names, before.begin_with)
    begin_with = None
    for place, name in enumerate(order):
        if place and time.monotonic() >= deadline:
            begin_with = name
            pending += order[place:]
            break
        known = after.get(name, _Remembered())
        listing = list_files(sources_dir / name)
        seen = after[name] = _look_at(listing, known, deadline)
        is_as_read = seen.stamp == read.get(name) or not (listing.paths or name in read)
        if seen.hashing is not None:
            pending.append(name)
        elif known.content is None:
            (first_seen if is_as_read else changed).append(name)
        elif seen.content != known.content:
            changed.append(name)
    cursor = _Cursor(sources=after, begin_with=begin_with).model_dump_json(exclude_none=True)
    return SourceLook(cursor, changed, first_seen, sorted(pending))


def _read_cursor(text: str | None) -> _Cursor:
    try:
        return _Cursor.model_validate_json(text or "{}")
    except ValidationError:
        return _Cursor()


def _rotate(names: Sequence[str], first: str | None) -> list[str]:
    """The names from `first` on, then those before it: a large source delays no other for long."""
    start = names.index(first) if first in names else 0
    return [*names[start:], *names[:start]]


def _look_at(listing: Listing, known: _Remembered, deadline: float) -> _Remembered:
    stamp = fingerprint(listing)
    if stamp == known.stamp and known.content is not None:
        return _Remembered(stamp=stamp, content=known.content)
    begun = known.hashing
    if begun is None or begun.stamp != stamp:
        begun = _PartialHash(stamp=stamp)
    hashing = _hash_on(listing, begun, deadline)
    if hashing.file_no < len(listing.paths):
        return known.model_copy(update={"hashing": hashing})
    return _Remembered(stamp=stamp, content=hashing.digest)


def _hash_on(listing: Listing, begun: _PartialHash, deadline: float) -> _PartialHash:
    """Go on with a hash of names and contents until its end or the deadline.

    Blocks are chained, so that the result does not depend on where it was interrupted. A file
    that cannot be read counts as empty.
    """
    digest, offset = begun.digest, begun.offset
    for file_no in range(begun.file_no, len(listing.paths)):
        path = listing.paths[file_no]
        if offset == 0:
            digest = _chain(digest, b"name", path.encode())
        try:
            with (listing.root / path).open("rb") as file:
                file.seek(offset)
                while block := file.read(_BLOCK_BYTES):
                    digest, offset = _chain(digest, b"data", block), offset + len(block)
                    if time.monotonic() >= deadline:
                        return _PartialHash(
                            stamp=begun.stamp, digest=digest, file_no=file_no, offset=offset
                        )
        except OSError:
            pass
        offset = 0
    return _PartialHash(stamp=begun.stamp, digest=digest, file_no=len(listing.paths))


def _chain(digest: str, kind: bytes, content: bytes) -> str:
    chained = sha256(digest.encode() + kind)
    chained.update(content)
    return chained.hexdigest()
