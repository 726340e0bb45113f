"""Hashes of the large files of a job folder, computed again only when a file was touched.

A model of fifteen gigabytes is verified at every run. Its hash is kept beside it under size, inode,
and the times of its last change: the kernel sets the change time (ctime) at every write and rename,
and no program can set it back. A file that changed in the seconds before it was hashed is hashed
again next time, since a second change within one tick of the clock would leave the same times; Git
calls such an entry racy (git-update-index, "racy git").
"""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from eemo_pipeline.lake.parquet import file_sha256, write_bytes

CACHE_FILE = ".hashes.json"
_LEAST_BYTES = 1024 * 1024  # smaller files are hashed every time
_SETTLED_NS = 2_000_000_000  # longer than the tick of any file system's clock


def hash_files(folder: Path, names: Iterable[str]) -> dict[str, str | None]:
    """Return name -> SHA-256 of files below the folder; None for one that is missing.

    Hashes of large files are kept in the folder where it can be written to.
    """
    known = _read(folder)
    found: dict[str, str | None] = {}
    fresh: dict[str, list[int | str]] = {}
    for name in names:
        path = folder / name
        if not path.is_file():
            found[name] = None
            continue
        if path.stat().st_size < _LEAST_BYTES:
            found[name] = file_sha256(path)
            continue
        mark = _mark(path)
        entry = known.get(name)
        if isinstance(entry, list) and entry[:-1] == mark:
            found[name] = str(entry[-1])
            continue
        found[name] = sha256 = file_sha256(path)
        is_settled = time.time_ns() - path.stat().st_ctime_ns > _SETTLED_NS
        if _mark(path) == mark and is_settled:
            fresh[name] = [*mark, sha256]
    if fresh:
        with suppress(OSError):
            content = json.dumps({**known, **fresh}, sort_keys=True)
            write_bytes(f"{content}\n".encode(), folder / CACHE_FILE)
    return found


def _mark(path: Path) -> list[int]:
    """Return what changes with the file's content."""
    stat = path.stat()
    return [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]


def _read(folder: Path) -> dict[str, object]:
    try:
        known = json.loads((folder / CACHE_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
