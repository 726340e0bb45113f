"""Serves Dagster's web pages for a data root: `eemo ui`."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.output import say, show, show_json
from eemo_pipeline.cli.problems import Exit, Problem
from eemo_pipeline.cli.shell_text import called, quoted
from eemo_pipeline.lake.data_root import VARIABLE

_HOST = "127.0.0.1"  # the pages have no login, so they are served to this machine only
_PATIENCE_S = 20


def serve(data: Path | None, port: int, *, as_json: bool) -> Exit:
    """Run `dagster dev` for the data root until it ends or Ctrl-C is pressed.

    Raises:
        Problem: The port cannot be used, or the server stopped with an error.
    """
    root = choose_data_root(data)
    _require_free_port(port, root.path)
    from resources.instance.dagster_home import prepare_home

    home = prepare_home(root.path)
    address = f"http://{_HOST}:{port}"
    if as_json:
        show_json({"address": address, "data": str(root.path.resolve())})
    else:
        show(address)
    say("Ctrl-C stops it")
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home.resolve()),
        VARIABLE: str(root.path.resolve()),
    }
    command = [sys.executable, "-m", "dagster", "dev", "-m", "eemo_pipeline.definitions"]
    server = subprocess.Popen(  # noqa: S603 (our own interpreter, a number and fixed arguments)
        [*command, "-h", _HOST, "-p", str(port)], env=environment
    )
    try:
        code = server.wait()
    except KeyboardInterrupt:
        _stop(server)
        return Exit.INTERRUPTED
    if code == 0:
        return Exit.OK
    raise Problem(
        "the server stopped",
        address,
        f"dagster dev ended with exit code {code}; its last lines are above",
        f"{called()} doctor --data {quoted(root.path)}",
    )


def _require_free_port(port: int, data: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            free = port + 1 if port < 65535 else port - 1
            raise Problem(
                "the port cannot be used",
                f"--port {port}",
                str(error.strerror or error),
                f"{called()} ui --data {quoted(data)} --port {free}",
            ) from error


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Wait for a server that received the same Ctrl-C; repeat with stronger signals if needed."""
    for attempt in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        try:
            server.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            server.send_signal(attempt)
        else:
            return
    server.wait()
