"""Chooses and locks the data root of a command, before anything is written.

`lake/data_root.py` knows the layout of a data root.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from eemo_pipeline.cli.output import clean, say
from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import called, command, making_commands, quoted, shown, unlinked
from eemo_pipeline.lake.data_root import DataRoot, find_data_root
from eemo_pipeline.lake.root_lock import Holder, hold_data_root

# What a path cannot have: Dagster writes it into a URL without escapes, and DuckDB has one for all
# systems. Both in their own code, where no spelling of the path helps.
_MISREAD = {
    r"\?": "Dagster opens the records of runs by a URL, in which options follow the ?",
    r"%[0-9A-Fa-f]{2}": "Dagster opens the records of runs by a URL, in which {} is another sign",
    r"\\": "DuckDB opens the database, and reads {} in a path as a separator of folders",
}


_FULL = 1_000_000  # with fewer free bytes, SQLite's "disk I/O error" means a full disk


def read_folder(text: str) -> Path:
    """Return a folder as typed. Reject an empty name, the result of an unset variable.

    Raises:
        typer.BadParameter: The name is empty.
    """
    if not text.strip():
        raise typer.BadParameter("the name is empty; is the variable that it came from set?")
    return Path(text)


def choose_data_root(flag: Path | None) -> DataRoot:
    """Return the absolute data root: the flag, else EEMO_DATA, else ./data.

    Raises:
        Problem: It is not a folder, or its databases cannot be opened under its path.
    """
    # Absolute, because DuckDB interprets "~" and "word:" at the start of a path.
    path = unlinked(find_data_root(flag).path)
    fix = "choose another data root with --data DIR"
    if path.exists() and not path.is_dir():
        raise wrong_usage("the data root is not a folder", shown(path), "a file has that name", fix)
    why = _why_misread(str(path.resolve()))
    if why:
        raise wrong_usage("the data root cannot have this name", shown(path), why, fix)
    return DataRoot(path)


def require_data_root(root: DataRoot, *fixes: str) -> None:
    """Reject a data root that does not exist: neither reading nor a mistyped name creates one.

    Raises:
        Problem: There is no such folder.
    """
    if not root.path.is_dir():
        raise Problem(
            "there is no data root yet",
            shown(root.path),
            "no such folder",
            *making_commands(root),
            *fixes,
        )


def _why_misread(path: str) -> str | None:
    """Return why the databases in the data root cannot be opened under this path, if so."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return "the path is not valid UTF-8"
    found = ((re.search(sign, path), why) for sign, why in _MISREAD.items())
    return next((why.format(misread.group()) for misread, why in found if misread), None)


@contextmanager
def hold(root: DataRoot) -> Iterator[None]:
    """Hold the data root for this process; say which process is waited for, until Ctrl-C."""

    def tell(holder: Holder) -> None:
        say(
            f"waiting for process {holder.process} ({clean(holder.activity)}), which writes to "
            f"{shown(root.path)}"
        )
        say(f"kill -INT {holder.process}  # stops it; finished work is kept")

    with hold_data_root(root, f"{called()} {' '.join(sys.argv[1:2])}".strip(), tell):
        yield


@contextmanager
def use_records(root: DataRoot) -> Iterator[None]:
    """Turn errors of Dagster's databases in the data root into a problem with a fix.

    Raises:
        Problem: A database is damaged, locked or read-only, or the disk is full.
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
                f"free some space, then {command('run', root)}",
            ) from error
        moved = quoted(root.state.with_name(f"{root.state.name}.broken"))
        raise Problem(
            "the records of past runs cannot be used",
            shown(root.state),
            str(error.orig or error),
            f"mv {quoted(root.state)} {moved} && {command('run', root)}",
            f"chmod -R u+rwX {quoted(root.path)}" * (not os.access(root.state, os.W_OK)),
        ) from error
