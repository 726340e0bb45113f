"""The data root that a command works on: whether it can be one, and whether it is free.

Belongs here: refusing a place before anything is written. Does not belong here: what lies in it
(`data_root.py`), or looking after its health (`doctor.py`).
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import called, quoted, shown, unlinked
from eemo_pipeline.lake.data_root import DataRoot, find_data_root

# SQLite and DuckDB take what follows these for options of theirs, or for another separator.
_MISREAD = re.compile(r"[?\\]|%[0-9A-Fa-f]{2}")


_FULL = 1_000_000  # bytes free under which SQLite's "disk I/O error" means a full disk


def read_folder(text: str) -> Path:
    """A folder as typed. An empty word, left by a variable that is not set, is none."""
    if not text.strip():
        raise typer.BadParameter("the name is empty; is the variable set that it came from?")
    return Path(text)


def choose_data_root(flag: Path | None) -> DataRoot:
    """The data root: the flag, else EEMO_DATA, else ./data; absolute.

    Raises:
        Problem: it is not a folder, or its path cannot be given to the databases in it.
    """
    # Absolute, for DuckDB reads "~" and "word:" at the start of a path in its own way.
    path = unlinked(find_data_root(flag).path)
    fix = "name another data root with --data DIR"
    if path.exists() and not path.is_dir():
        raise wrong_usage("the data root is not a folder", shown(path), "a file has that name", fix)
    try:
        misread = _MISREAD.search(str(path.resolve()).encode().decode())
    except UnicodeEncodeError:
        why = "the path is not valid UTF-8"
        raise wrong_usage("the data root cannot have this name", shown(path), why, fix) from None
    if misread:
        why = f"the databases in it cannot be opened under a path with {misread.group()}"
        raise wrong_usage("the data root cannot have this name", shown(path), why, fix)
    return DataRoot(path)


@contextmanager
def hold(root: DataRoot) -> Iterator[None]:
    """Keep the data root to this process; the kernel lets go however the process ends.

    Raises:
        Problem: another process holds it.
    """
    place = root.state / "run.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            process = lock.read().strip()
            raise Problem(
                "another run is at work on this data root",
                shown(root.path),
                f"process {process} holds {shown(place)}",
                f"kill -INT {process}  # stops it; what is finished is kept",
                "wait until it has ended",
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def use_records(root: DataRoot) -> Iterator[None]:
    """Tell how to go on where Dagster's databases in the data root cannot be used.

    Raises:
        Problem: one of them is damaged, locked or read-only, or the disk is full.
    """
    from sqlalchemy.exc import DatabaseError

    try:
        yield
    except DatabaseError as error:
        if shutil.disk_usage(root.path).free < _FULL:
            raise Problem(
                "the disk is full",
                shown(root.path),
                str(error.orig or error),
                f"free some space, then {called()} run --data {quoted(root.path)}",
            ) from error
        moved = quoted(root.state.with_name(f"{root.state.name}.broken"))
        raise Problem(
            "the records of past runs cannot be used",
            shown(root.state),
            str(error.orig or error),
            f"mv {quoted(root.state)} {moved} && {called()} run --data {quoted(root.path)}",
            f"chmod -R u+rwX {quoted(root.path)}" * (not os.access(root.state, os.W_OK)),
        ) from error
