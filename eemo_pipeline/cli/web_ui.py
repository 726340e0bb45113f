"""Serves Dagster's web pages for a data root: `eemo ui`.

`resources/instance/web_server.py` is the server.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eemo_pipeline.cli.data_root import choose_data_root, require_data_root, use_records
from eemo_pipeline.cli.output import clean, say, show, show_json
from eemo_pipeline.cli.ports import require_free_port
from eemo_pipeline.cli.problems import Exit, Problem
from eemo_pipeline.cli.shell_text import command, quoted, shown
from eemo_pipeline.lake.data_root import VARIABLE, DataRoot

_HOST = "127.0.0.1"


def serve(data: Path | None, port: int, *, as_json: bool) -> Exit:
    """Serve the pages of the data root until Ctrl-C or SIGTERM.

    Raises:
        Problem: There is no such data root, the port cannot be used, the pages of this data root
            are served already, or the server stopped with an error.
    """
    root = choose_data_root(data)
    require_data_root(root, f"mkdir -p {quoted(root.path)} && {command('ui', root)}")
    address = f"http://{_HOST}:{port}"
    with _hold_pages(root, address):
        require_free_port(_HOST, port, "ui", root)
        from resources.instance.dagster_home import prepare_home
        from resources.instance.open_pages import SERVED_BY
        from resources.instance.web_server import DaemonEnded, serve_pages

        # For the code servers, and the runs that they start.
        os.environ["DAGSTER_HOME"] = str(prepare_home(root.path))
        os.environ[VARIABLE] = str(root.path.resolve())
        os.environ[SERVED_BY] = str(os.getpid())
        if as_json:
            show_json({"address": address, "data": str(root.path.resolve())})
        else:
            show(address)
        say("Ctrl-C stops it")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with use_records(root):
            try:
                serve_pages(root.path, port)
            except KeyboardInterrupt:  # before the server listened
                pass
            except DaemonEnded as error:
                raise Problem(
                    "the server stopped",
                    address,
                    f"{error}; its last lines are above",
                    command("doctor", root),
                ) from error
    return Exit.INTERRUPTED


@contextmanager
def _hold_pages(root: DataRoot, address: str) -> Iterator[None]:
    """Let one process serve a data root: two daemons would end each other's runs.

    Raises:
        Problem: Another process serves it.
    """
    root.state.mkdir(parents=True, exist_ok=True)
    with (root.state / "ui.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            process, _, served = lock.read().partition(" ")
            raise Problem(
                "the pages of this data root are open already",
                shown(root.path),
                f"process {process} serves them at {clean(served)}",
                f"open {clean(served)}",
                f"kill -INT {process}  # stops it",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()} {address}")
        lock.flush()
        yield
