"""Runs the command `eemo`: in this process, in a subprocess, or on a terminal.

Use `call_eemo` by default: it starts no interpreter. `run_eemo` and `start_eemo` are for tests of
the process itself: its signals, its imports, and runs that are killed.
"""

import contextlib
import io
import os
import pty
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from eemo_pipeline.cli import main

EEMO = Path(sys.executable).parent / "eemo"
# Variables that select a data root or change the output.
_OURS = {"EEMO_DATA", "EEMO_TRACEBACK", "DAGSTER_HOME", "NO_COLOR", "COLUMNS"}


def environment(**variables: str) -> dict[str, str]:
    """Return the environment without the variables of `_OURS`, updated with `variables`."""
    return {name: text for name, text in os.environ.items() if name not in _OURS} | variables


def call_eemo(
    *words: str | Path, folder: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, with the same `main`, arguments and variables."""
    typed = [str(EEMO), *map(str, words)]
    with (
        contextlib.chdir(folder or Path.cwd()),
        mock.patch.dict(os.environ, environment(**variables), clear=True),
        mock.patch.object(sys, "argv", typed),
        _captured("stdout") as answered,
        _captured("stderr") as said,
        warnings.catch_warnings(),
    ):
        code = main()
    return subprocess.CompletedProcess(typed, int(code), _text(answered), _text(said))


@contextlib.contextmanager
def _captured(name: str) -> Iterator[io.BytesIO]:
    """Replace a standard stream by a UTF-8 stream over a buffer, like a pipe; yield the buffer."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, "utf-8", write_through=True)
    with mock.patch.object(sys, name, stream):
        yield written
    stream.detach()


def _text(written: io.BytesIO) -> str:
    return written.getvalue().decode()


def run_eemo(
    *words: str | Path, folder: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a subprocess and wait for its end, at most 15 minutes: machines differ."""
    return subprocess.run(
        [EEMO, *words],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def start_eemo(output: Path, *words: str | Path) -> subprocess.Popen[bytes]:
    """Start the command as the leader of its own session; append its output to a file.

    The caller must end it.
    """
    with output.open("ab") as file:
        return subprocess.Popen(
            [EEMO, *words], env=environment(), stdout=file, stderr=file, start_new_session=True
        )


def run_on_terminal(*words: str | Path, **variables: str) -> str:
    """Run the command with a terminal as stdout and return the terminal's output."""
    reader, writer = pty.openpty()
    with subprocess.Popen(
        [EEMO, *words],
        env=environment(COLUMNS="200", TERM="xterm", **variables),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
    ):
        os.close(writer)
        parts = []
        try:
            while part := os.read(reader, 65536):
                parts.append(part)
        except OSError:  # Linux raises it when the other side is closed
            pass
        os.close(reader)
    return b"".join(parts).decode()
