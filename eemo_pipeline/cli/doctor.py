"""Checks whether this machine and this data root are ready for use: `eemo doctor`.

One function per finding; nothing is repaired. Keys are checked for presence only: their values
never reach a message.
"""

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from eemo_pipeline.cli.output import clean, counted, paint, show, show_json, size_in_words
from eemo_pipeline.cli.problems import Exit
from eemo_pipeline.cli.shell_text import command, making_commands, quoted, shown
from eemo_pipeline.lake.data_root import LEDGER_VARIABLE, DataRoot, find_data_root

_DISTRIBUTION = "eemo-pipeline"
_LIBRARIES = ("dagster", "polars", "duckdb", "pillow")
_KEYS = ("EEMO_COMPATIBLE_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LITTLE_DISK = 5_000_000_000
_NO_DISK = 200_000_000
_MARKS = {"ok": ("✔", "32"), "note": ("!", "33"), "broken": ("✘", "31")}


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: The subject of the check.
        state: ok, note (works, but worth knowing) or broken.
        detail: The observation.
        fix: The remedy if the state is not ok, else empty.
    """

    name: str
    state: str
    detail: str
    fix: str = ""


def examine(data: Path | None, *, as_json: bool) -> Exit:
    """Show every finding; return 1 if something is broken."""
    root = find_data_root(data)
    findings = [
        _python(),
        _cores(),
        _disk(root),
        look_at_place(root),
        _database(root),
        look_at_ledger(root),
        *(_library(name) for name in _LIBRARIES),
        _keys(),
        _browser(),
    ]
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark, colour = _MARKS[finding.state]
            fix = f"   fix: {finding.fix}" if finding.fix else ""
            show(
                f"{paint(mark, colour, sys.stdout)} {finding.name:<10} "
                f"{clean(finding.detail)}{clean(fix)}"
            )
    is_broken = any(finding.state == "broken" for finding in findings)
    return Exit.FAILURE if is_broken else Exit.OK


def _python() -> Finding:
    version = platform.python_version()
    wanted = importlib.metadata.metadata(_DISTRIBUTION)["Requires-Python"]
    if _satisfies(version, wanted):
        return Finding("python", "ok", version)
    return Finding("python", "broken", f"{version}, wanted {wanted}", "install Python 3.11")


def _cores() -> Finding:
    usable = len(os.sched_getaffinity(0))
    if usable > 1:
        return Finding("cores", "ok", f"{usable} usable")
    return Finding("cores", "note", "1 usable; images are processed one at a time")


def _disk(root: DataRoot) -> Finding:
    place = _nearest_folder(root.path)
    free = shutil.disk_usage(place).free
    detail = f"{size_in_words(free)} free at {shown(place)}"
    if free >= _LITTLE_DISK:
        return Finding("disk", "ok", detail)
    state = "broken" if free < _NO_DISK else "note"
    return Finding(
        "disk", state, detail, "free some space, or choose another data root with --data"
    )


def look_at_place(root: DataRoot) -> Finding:
    """Check whether the data root can be written or created."""
    place = _nearest_folder(root.path)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding(
            "data root",
            "broken",
            f"{shown(root.path)} cannot be written: {error.strerror}",
            f"chmod u+rwx {quoted(place)}",
        )
    if root.path.is_dir():
        return Finding("data root", "ok", f"{shown(root.path)} is writable")
    if root.path.exists():
        return Finding(
            "data root", "broken", f"{shown(root.path)} is a file", "choose a folder with --data"
        )
    return Finding("data root", "ok", f"{shown(root.path)} does not exist yet and can be created")


def _database(root: DataRoot) -> Finding:
    from eemo_pipeline.lake import warehouse

    if not root.database.exists():
        return Finding("database", "note", "none yet", making_commands(root)[0])
    try:
        _, rows = warehouse.query(root.database, "select count(*) from duckdb_tables()")
    except warehouse.WarehouseError as error:
        return Finding(
            "database",
            "broken",
            str(error.__cause__ or error).splitlines()[0],
            f"rm {quoted(root.database)} && {command('run', root)}",
        )
    return Finding("database", "ok", f"{shown(root.database)} holds {rows[0][0]} tables")


def look_at_ledger(root: DataRoot) -> Finding:
    """Check whether the ledger is an intact database, without changing it."""
    if url := os.environ.get(LEDGER_VARIABLE):
        return _reach_ledger(url)
    if not root.ledger.exists():
        return Finding("ledger", "note", "none yet", making_commands(root)[0])
    moved = quoted(root.ledger.with_suffix(".broken"))
    fix = f"mv {quoted(root.ledger)} {moved} && {command('run', root)}"
    try:
        # Read-only, so that the check never changes the file.
        connection = sqlite3.connect(f"{root.ledger.resolve().as_uri()}?mode=ro", uri=True)
        try:
            verdict = connection.execute("pragma quick_check(1)").fetchone()[0]
            answers = connection.execute("select count(*) from answers").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        return Finding("ledger", "broken", f"{shown(root.ledger)}: {error}", fix)
    if verdict != "ok":
        return Finding("ledger", "broken", f"{shown(root.ledger)}: {verdict}", fix)
    return Finding("ledger", "ok", f"{shown(root.ledger)} is intact, {counted(answers, 'answer')}")


def _reach_ledger(url: str) -> Finding:
    from eemo_pipeline.ledger.database import LedgerProblem, look_at

    try:
        place, answers = look_at(url)
    except LedgerProblem as error:
        fix = f"correct {LEDGER_VARIABLE}, or unset it to use a file in the data root as the ledger"
        return Finding("ledger", "broken", " ".join(str(error).split()), fix)
    if answers is None:
        return Finding("ledger", "note", f"{place} has none yet", "the first run creates it")
    return Finding("ledger", "ok", f"{place} is reachable, {counted(answers, 'answer')}")


def _library(name: str) -> Finding:
    wanted = dict(_pinned()).get(name, "")
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "broken", f"not installed, wanted {wanted}", _reinstall(name, wanted))
    if _satisfies(version, wanted):
        return Finding(name, "ok", f"{version} ({wanted})")
    return Finding(name, "broken", f"{version}, wanted {wanted}", _reinstall(name, wanted))


def _keys() -> Finding:
    present = [name for name in _KEYS if os.environ.get(name)]
    if present:
        return Finding(
            "model keys", "ok", f"{', '.join(present)} set; the embedded models use none"
        )
    return Finding("model keys", "ok", "none set; the embedded models need none")


def _browser() -> Finding:
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found:
        return Finding("chromium", "ok", found)
    return Finding("chromium", "note", "not found; optional, used by browser tests only")


def _pinned() -> Iterator[tuple[str, str]]:
    """Yield the name and version range of each of our own dependencies."""
    from packaging.requirements import Requirement

    for line in importlib.metadata.requires(_DISTRIBUTION) or ():
        requirement = Requirement(line)
        if requirement.marker is None:
            yield requirement.name.lower(), str(requirement.specifier)


def _satisfies(version: str, wanted: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(wanted).contains(version, prereleases=True)


def _reinstall(name: str, wanted: str) -> str:
    return f"{quoted(Path(sys.executable))} -m pip install '{name}{wanted}'"


def _nearest_folder(path: Path) -> Path:
    """Return the folder itself, or its nearest existing parent."""
    absolute = path.resolve()
    return next(place for place in (absolute, *absolute.parents) if place.is_dir())
